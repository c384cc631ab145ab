// Sv48.
#include "privileged.h"
#define MODE 9
#define LEVELS 4
#define HIGH 0xffff800000403000
#include "paging.h"
