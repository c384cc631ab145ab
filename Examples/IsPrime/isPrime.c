// Trial division, the example by which binary translators are explained. start.S calls `main` and
// ends the run with what it returns as the exit code.
__attribute__((noinline)) int isPrime(int number) {
    if (number < 2) return 0;
    for (int divisor = 2; divisor * divisor <= number; divisor++)
        if (number % divisor == 0) return 0;
    return 1;
}

// The second call finds everything translated.
int main(void) {
    volatile int number = 49;
    int first = isPrime(number);
    int second = isPrime(number);
    return first | second;
}
