#include "host_float.h"

bool hull_float_is_complete(void) {
    return __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("fma")
        && __builtin_cpu_supports("f16c");
}
