// Zicond.
#include "conformance.h"
    .option arch, +zicond
    BEGIN
    binary  czero.eqz, model_czero_eqz
    binary  czero.nez, model_czero_nez
    END
