#include "host_guests.h"

// #embed is C23; the compiler accepts it in every C and says so.
#pragma clang diagnostic ignored "-Wc23-extensions"

static const _Alignas(16) uint8_t skiff[] = {
#embed "../../Guests/prebuilt/skiff.elf"
};
static const _Alignas(16) uint8_t skiff_machine[] = {
#embed "../../Guests/prebuilt/skiff-m.elf"
};

static const _Alignas(16) uint8_t keel[] = {
#embed "../../Guests/prebuilt/keel.elf"
};

const uint8_t *const hull_keel_elf = keel;
const size_t hull_keel_elf_count = sizeof keel;
const uint8_t *const hull_skiff_elf = skiff;
const size_t hull_skiff_elf_count = sizeof skiff;
const uint8_t *const hull_skiff_machine_elf = skiff_machine;
const size_t hull_skiff_machine_elf_count = sizeof skiff_machine;
