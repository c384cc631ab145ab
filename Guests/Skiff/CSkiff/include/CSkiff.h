#include "csr.h"
#include "memory.h"
#include "operations.h"
