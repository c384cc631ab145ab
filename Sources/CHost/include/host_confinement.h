#ifndef HULL_HOST_CONFINEMENT_H
#define HULL_HOST_CONFINEMENT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// What a thread gives up before the guest runs: capabilities, files and host system calls. Each of
// these belongs to a thread, not to the process.

/// The number of a system call on this host, or -1; and the name of a number, or NULL.
int hull_system_call_number(const char *name);
const char *hull_system_call_name(int number);

/// What the filter compares `arch` with (AUDIT_ARCH_…); 0 where there is no filter for this host.
uint32_t hull_system_call_architecture(void);

/// Gives up new privileges by execve (no_new_privs). Returns 0 or an errno.
int hull_give_up_privileges(void);
/// Gives up all capabilities. Returns 0 or an errno.
int hull_give_up_capabilities(void);
/// Installs a filter: `count` instructions of struct sock_filter. Returns 0 or an errno.
int hull_filter_install(const uint64_t *instructions, uint16_t count);
/// Whether the kernel has filters that trap and that end the process.
bool hull_filter_is_available(void);

/// The version of Landlock that the kernel has; 0: none.
int hull_landlock_version(void);
/// A folder or file below which these accesses stay allowed.
typedef struct {
    const char *path;
    uint64_t access;
} hull_landlock_right;
/// Gives up the accesses `files` and `network`, and reaching outside by `scopes`, except for the
/// rights. Returns 0 or an errno.
int hull_landlock_enter(uint64_t files, uint64_t network, uint64_t scopes,
                        const hull_landlock_right *rights, size_t count);

/// Threads that start from here on confine themselves.
void hull_confinement_begin(void);
bool hull_confinement_has_begun(void);
/// What this thread is called in the sentence below; the text lives on.
void hull_thread_set_kind(const char *kind);
/// Whether it has one.
bool hull_thread_is_confined(void);
/// A system call that the filter refuses ends the process by SIGSYS, with a sentence on standard error.
void hull_refusals_install(void);
#endif
