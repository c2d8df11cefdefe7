#include "CLibFuzzer.h"

// Part of clang's runtime; there only with -sanitize=fuzzer.
extern int LLVMFuzzerRunDriver(int *argc, char ***argv,
                               int (*run)(const uint8_t *, size_t))
    __attribute__((weak));

int stoa_libfuzzer(int argc, char **argv, int (*run)(const uint8_t *, size_t)) {
  if (!LLVMFuzzerRunDriver) return -1;
  return LLVMFuzzerRunDriver(&argc, &argv, run);
}
