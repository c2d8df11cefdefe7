import AccessCore
import OpenAIWire
import Synchronization

/// Bounds how many requests with files are held in memory at once, in all and for each
/// organisation, so that nobody fills it by sending slowly.
final class UploadSlots: Sendable {
    private let slotsMax: Int
    private let ofOneMax: Int
    private let taken = Mutex<[OrganisationID: Int]>([:])

    init(slotsMax: Int = 24, ofOneMax: Int = 4) {
        self.slotsMax = slotsMax
        self.ofOneMax = ofOneMax
    }

    /// Takes a slot, which is free again once the last reference to it goes.
    ///
    /// - Throws: ``APIFailure`` if there is none: the organisation's own uploads are in the way, or
    ///   everybody's.
    func take(for organisation: OrganisationID) throws(APIFailure) -> UploadSlot {
        let slotsMax = slotsMax
        let ofOneMax = ofOneMax
        let failure = taken.withLock { taken -> APIFailure? in
            let own = taken[organisation] ?? 0
            guard own < ofOneMax else {
                return APIFailure(
                    .rateLimited,
                    message: "The organisation sends \(ofOneMax) files already; nothing was "
                        + "charged.",
                    hint: "Send the next when one is done.",
                    retryAfterSeconds: 1
                )
            }
            guard taken.reduce(0, { $0 + $1.value }) < slotsMax else {
                return APIFailure(
                    .overloaded,
                    message: "Too many files are being sent; nothing was charged.",
                    hint: "Try again in a second.",
                    retryAfterSeconds: 1
                )
            }
            taken[organisation] = own + 1
            return nil
        }
        if let failure { throw failure }
        return UploadSlot(self, organisation)
    }

    fileprivate func free(_ organisation: OrganisationID) {
        taken.withLock { taken in
            let left = (taken[organisation] ?? 1) - 1
            taken[organisation] = left > 0 ? left : nil
        }
    }
}

/// The right to hold one request with a file.
final class UploadSlot: Sendable {
    private let slots: UploadSlots
    private let organisation: OrganisationID

    fileprivate init(_ slots: UploadSlots, _ organisation: OrganisationID) {
        self.slots = slots
        self.organisation = organisation
    }

    deinit {
        slots.free(organisation)
    }
}
