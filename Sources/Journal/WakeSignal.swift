import Glibc

/// Wakes one sleeping thread; a signal sent before the thread sleeps is not lost.
///
/// A semaphore, since `Mutex` has no condition variable to go with it.
// Unchecked: a pointer is not Sendable, but a semaphore is made to be used by many threads.
struct WakeSignal: ~Copyable, @unchecked Sendable {
    /// On the heap, for a semaphore must not move.
    private let semaphore = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

    init() {
        semaphore.initialize(to: sem_t())
        let status = sem_init(semaphore, 0, 0)
        precondition(status == 0, "sem_init fails only for a value beyond SEM_VALUE_MAX")
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func send() {
        sem_post(semaphore)
    }

    /// Returns at once if a signal was sent that no wait has used up, else once one is.
    func wait() {
        while sem_wait(semaphore) != 0 && errno == EINTR {}
    }
}
