#ifndef STOA_LIBFUZZER_H
#define STOA_LIBFUZZER_H

#include <stddef.h>
#include <stdint.h>

/// Hands the process to libFuzzer, which calls `run` with one input after the other; returns -1
/// where the program was built without it.
int stoa_libfuzzer(int argc, char **argv, int (*run)(const uint8_t *bytes, size_t count));

#endif
