#ifndef HULL_CHOST_H
#define HULL_CHOST_H
// What Swift cannot say: see each file for the reason why.
#include "guest_atomics.h"
#include "host_code.h"
#include "host_confinement.h"
#include "host_decompression.h"
#include "host_files.h"
#include "host_float.h"
#include "host_folders.h"
#include "host_futex.h"
#include "host_memory.h"
#include "host_network.h"
#include "host_sockets.h"
#include "host_terminal.h"
#include "host_vhost.h"
#include "host_guests.h"
#endif
