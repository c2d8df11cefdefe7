// Tells ThreadSanitizer about Synchronization.Mutex, loaded into a test process by LD_PRELOAD.
//
// The fast ways into and out of a Mutex are compiled into the caller, where the sanitizer sees
// them. When threads contend, the rest happens inside libswiftSynchronization, which it does not
// see, so it reports what the mutex guards as races. These two functions stand before the
// library's and add the order that the library makes.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

// Part of the sanitizer's runtime; absent in processes that a test starts.
extern void __tsan_acquire(void *address) __attribute__((weak));
extern void __tsan_release(void *address) __attribute__((weak));

typedef SWIFT void Lock(uint32_t thread, SELF void *mutex);
typedef SWIFT void Unlock(SELF void *mutex);

Lock lock_slowly __asm__(LOCK);
Unlock unlock_slowly __asm__(UNLOCK);

static void *next(const char *name) {
  void *function = dlsym(RTLD_NEXT, name);
  if (!function) abort();
  return function;
}

SWIFT void lock_slowly(uint32_t thread, SELF void *mutex) {
  ((Lock *)next(LOCK))(thread, mutex);
  if (__tsan_acquire) __tsan_acquire(mutex);
}

SWIFT void unlock_slowly(SELF void *mutex) {
  if (__tsan_release) __tsan_release(mutex);
  ((Unlock *)next(UNLOCK))(mutex);
}
