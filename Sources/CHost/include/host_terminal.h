#ifndef HULL_HOST_TERMINAL_H
#define HULL_HOST_TERMINAL_H
#include <stdbool.h>
#include <stdint.h>

// The terminal and signals: a handler may run at any instruction, and in a Swift handler nobody
// promises that no allocation, lock or reference count is touched.

/// Makes the terminal raw (output processing stays on) and remembers how it was. It is put back by
/// hull_terminal_restore, at exit, and by a crash once hull_signals_install was called. Returns 0 or
/// an errno.
int hull_terminal_make_raw(int terminal);
/// Async-signal-safe, any number of times.
void hull_terminal_restore(void);
/// False if it is no terminal or has no size.
bool hull_terminal_size(int terminal, int *columns, int *rows);

/// From now on the signals that end, stop, continue or resize are noted and one is written to the
/// eventfd `wake`; crashes restore the terminal first and then go on as they would have. A signal that
/// asks for the end half a second after the first ends the process at once. Returns 0 or an errno.
int hull_signals_install(int wake);
/// The signals noted since the last call: bit n for signal n.
uint64_t hull_signals_take(void);
/// A write to a closed pipe is then an error of that write; a handler that is there stays.
void hull_signals_ignore_broken_pipes(void);

#endif
