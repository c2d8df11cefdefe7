import CometBFTTypes
import MarketTypes

/// The blocks that a light client has verified, by height; the oldest give way.
struct TrustedBlocks: Sendable {
    private var blocks: [LightBlock] = []
    private let countMax: Int

    init(countMax: Int) {
        self.countMax = max(countMax, 2)
    }

    var latest: LightBlock? { blocks.last }

    /// The first place whose block is at `height` or above.
    private func place(of height: BlockHeight) -> Int {
        var low = 0
        var high = blocks.count
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].height < height { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func block(at height: BlockHeight) -> LightBlock? {
        let place = place(of: height)
        return place < blocks.count && blocks[place].height == height ? blocks[place] : nil
    }

    /// The nearest block below `height`.
    func below(_ height: BlockHeight) -> LightBlock? {
        let place = place(of: height)
        return place > 0 ? blocks[place - 1] : nil
    }

    /// The nearest block above `height`.
    func above(_ height: BlockHeight) -> LightBlock? {
        let next = height.advanced(byBlocks: 1) ?? height
        let place = place(of: next)
        return place < blocks.count ? blocks[place] : nil
    }

    /// A set with this hash, if one is known: sets seldom change.
    func validators(hash: Digest) -> ValidatorSet? {
        blocks.last { $0.header.validatorsHash == hash }?.validators
    }

    /// Takes a verified block.
    ///
    /// - Returns: the other block if one of this height with another hash is trusted already.
    mutating func insert(_ block: LightBlock) -> LightBlock? {
        let place = place(of: block.height)
        if place < blocks.count, blocks[place].height == block.height {
            let known = blocks[place]
            return known.header.hash == block.header.hash ? nil : known
        }
        blocks.insert(block, at: place)
        if blocks.count > countMax { blocks.removeFirst() }
        return nil
    }
}
