// Sv39.
#include "privileged.h"
#define MODE 8
#define LEVELS 3
#define HIGH 0xffffffc000403000
#include "paging.h"
