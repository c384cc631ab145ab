// Sv57.
#include "privileged.h"
#define MODE 10
#define LEVELS 5
#define HIGH 0xff00000000403000
#include "paging.h"
