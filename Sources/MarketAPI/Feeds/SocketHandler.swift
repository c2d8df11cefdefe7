import LedgerIndex
import NIOCore
import NIOWebSocket
import WebServing

/// Speaks the feed over one WebSocket: all of it on the connection's event loop, without a task,
/// so that an idle listener costs little.
final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The largest frame that a client may send.
    static let frameBytesMax = 1 << 14

    /// How many pings a client may leave without an answer.
    private static let pingsUnansweredMax = 3

    private let feed: EventFeed
    private let contract: FeedContract
    private var listener: SocketListener?
    private var number: UInt64?
    private var joinedHeight: UInt64 = 0
    /// The last place that was told.
    private var last = FeedCursor(height: 0, index: 0)
    /// What waits until what was missed is told, or until the client reads.
    private var held: [FeedItem] = []
    private var heldSince: ContinuousClock.Instant?
    /// Where what was missed goes on; nil if nothing is missed.
    private var missing: FeedCursor?
    private var isClosing = false
    private var pingsUnanswered = 0

    init(feed: EventFeed, contract: FeedContract) {
        self.feed = feed
        self.contract = contract
    }

    func handlerAdded(context: ChannelHandlerContext) {
        listener = SocketListener(channel: context.channel)
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        if let number { feed.leave(number) }
        number = nil
        held = []
    }

    // MARK: what the client says

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        guard !isClosing else { return }
        pingsUnanswered = 0
        guard frame.maskKey != nil, frame.fin else {
            return close(context, .protocolError)
        }
        let bytes = Array(frame.unmaskedData.readableBytesView)
        switch frame.opcode {
        case .text: answer(context, bytes)
        case .ping: write(context, .pong, bytes)
        case .pong: break
        case .connectionClose: close(context, .normalClosure)
        default: close(context, .unacceptableData)
        }
    }

    private func answer(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
        do throws(Problem) {
            switch try contract.read(bytes) {
            case .subscribe(let topics, let cursor): try subscribe(context, topics, cursor)
            case .unsubscribe(let topics):
                listener?.remove(topics)
                confirm(context)
            }
        } catch {
            let detail = error.faults.first.map { "\($0.pointer) \($0.detail)" } ?? error.detail
            let document = JSON.object([
                ("type", .text("problem")), ("code", .text(error.code)), ("detail", .text(detail)),
            ])
            write(context, .text, document.bytes)
        }
    }

    private func subscribe(
        _ context: ChannelHandlerContext,
        _ topics: Set<FeedTopic>,
        _ cursor: FeedCursor?
    ) throws(Problem) {
        guard let listener else { return }
        guard cursor == nil || number == nil else {
            throw .badRequest("stands in the first subscription or nowhere", at: "#/cursor")
        }
        guard listener.add(topics) else {
            throw .badRequest("has more than \(SocketListener.topicsMax)", at: "#/topics")
        }
        guard number == nil else { return confirm(context) }
        guard let joined = feed.join(listener) else { throw MarketAPI.tooManyReaders }
        (number, joinedHeight) = joined
        let now = FeedCursor(height: joined.height, index: FeedCursor.blockEnd)
        last = cursor ?? now
        confirm(context)
        guard last < now else { return }
        missing = last
        askForMissing(context)
    }

    private func confirm(_ context: ChannelHandlerContext) {
        let topics = (listener?.wanted ?? []).map(\.text).sorted()
        let document = JSON.object([
            ("type", .text("subscribed")), ("topics", .list(topics) { .text($0) }),
            ("cursor", .text(last.text)),
        ])
        write(context, .text, document.bytes)
    }

    // MARK: what the feed says

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event as? ChannelEvent == .inputClosed {
            // A client that says no more cannot answer either: half a socket is none.
            return context.close(promise: nil)
        }
        if event is ChannelShouldQuiesceEvent { return close(context, .goingAway) }
        guard let signal = event as? SocketSignal else {
            return context.fireUserInboundEventTriggered(event)
        }
        guard !isClosing else {
            if case .check(let instant) = signal { closeIfStalled(context, instant) }
            return
        }
        switch signal {
        case .items(let items):
            hold(context, items)
            flushHeld(context)
        case .missed(let items, let next):
            tell(context, items)
            missing = next
            if next == nil { flushHeld(context) } else { askForMissing(context) }
        case .beat: ping(context)
        case .end: close(context, .goingAway)
        case .check(let instant): closeIfStalled(context, instant)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            askForMissing(context)
            flushHeld(context)
        }
        context.fireChannelWritabilityChanged()
    }

    /// Asks whether the client is still there; one that never answers is cut off.
    private func ping(_ context: ChannelHandlerContext) {
        guard pingsUnanswered < Self.pingsUnansweredMax else { return context.close(promise: nil) }
        pingsUnanswered += 1
        write(context, .ping, [])
    }

    private func hold(_ context: ChannelHandlerContext, _ items: [FeedItem]) {
        if held.isEmpty { heldSince = .now }
        held += items
        guard held.count > FeedReader.itemsMax else { return }
        held = []
        let document = JSON.object([("type", .text("overrun")), ("cursor", .text(last.text))])
        write(context, .text, document.bytes)
        close(context, .unknown(1013))
    }

    private func flushHeld(_ context: ChannelHandlerContext) {
        guard missing == nil, context.channel.isWritable, !held.isEmpty, !isClosing else { return }
        let items = held
        (held, heldSince) = ([], nil)
        tell(context, items)
    }

    private func askForMissing(_ context: ChannelHandlerContext) {
        guard let missing, let listener, context.channel.isWritable, !isClosing else { return }
        let isTaken = feed.replay(
            EventFeed.Replay(
                cursor: missing,
                height: joinedHeight,
                topics: listener.wanted,
                deliver: { items, next in listener.signal(.missed(items, next: next)) }
            )
        )
        if !isTaken { close(context, .unknown(1013)) }
    }

    private func tell(_ context: ChannelHandlerContext, _ items: [FeedItem]) {
        for item in items where item.cursor > last {
            last = item.cursor
            let text = """
                {"type":"\(item.kind)","cursor":"\(item.cursor.text)","data":\(item.data)}
                """
            write(context, .text, Array(text.utf8), isLast: false)
        }
        context.flush()
    }

    // MARK: frames

    private func write(
        _ context: ChannelHandlerContext,
        _ opcode: WebSocketOpcode,
        _ bytes: [UInt8],
        isLast: Bool = true
    ) {
        let data = context.channel.allocator.buffer(bytes: bytes)
        let frame = wrapOutboundOut(WebSocketFrame(fin: true, opcode: opcode, data: data))
        if isLast {
            context.writeAndFlush(frame, promise: nil)
        } else {
            context.write(frame, promise: nil)
        }
    }

    private func close(_ context: ChannelHandlerContext, _ code: WebSocketErrorCode) {
        guard !isClosing else { return }
        isClosing = true
        heldSince = .now
        leave()
        var data = context.channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
        let written = context.writeAndFlush(wrapOutboundOut(frame))
        let channel = context.channel
        written.whenComplete { _ in channel.close(promise: nil) }
    }

    private func closeIfStalled(
        _ context: ChannelHandlerContext,
        _ instant: ContinuousClock.Instant
    ) {
        if let heldSince, heldSince < instant { context.close(promise: nil) }
    }
}
