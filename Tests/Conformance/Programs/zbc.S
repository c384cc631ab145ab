// Zbc: carry-less multiplication.
#include "conformance.h"
    .option arch, +zbc
    BEGIN
    binary  clmul, model_clmul
    binary  clmulh, model_clmulh
    binary  clmulr, model_clmulr
    END
