import CanonicalCoding

/// An actor stopped while it wrote, or because it could not.
struct ActorStopped: Error {}

/// An actor's journal on its simulated disk: nothing is acted on before it is durable.
final class ActorJournal {
    private let disk: SimulatedDisk

    init(disk: SimulatedDisk) {
        self.disk = disk
    }

    /// Writes a record durably.
    func log(_ record: ActorRecord, stopPermille: Int) throws(ActorStopped) {
        disk.crashPermille = stopPermille
        do {
            try disk.append(record.canonicalBytes)
            try disk.sync()
        } catch {
            throw ActorStopped()
        }
    }

    /// The machine stops.
    func crash() { _ = disk.crash() }

    /// What was written, in order.
    func replay() throws -> [ActorRecord] {
        try disk.recover().map { try ActorRecord(canonicalBytes: $0) }
    }

    /// Leaves no room for another record.
    func fill() { disk.bytesMax = 0 }

    func repair() {
        disk.crashPermille = 0
        disk.bytesMax = .max
    }
}
