import Hull

// Boots Skiff, the guest inside Hull, types a command at its prompt and reads the answer.
var configuration = Configuration()
configuration.memoryBytes = 128 << 20
configuration.timeoutSeconds = 60

let machine = try VirtualMachine(configuration)
try machine.start()

try machine.read(until: "skiff> ")
machine.send("primes 1000\n")
let answer = try machine.read(until: "skiff> ")
print(answer)

machine.send("poweroff 3\n")
print("The guest's exit code is \(try machine.wait()).")
