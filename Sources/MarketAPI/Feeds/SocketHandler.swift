import AccessCore
import HTTPTypes
import LedgerIndex
import NIOCore
import NIOWebSocket
import Receipts
import WebServing

/// Speaks the feed over one WebSocket: all of it on the connection's event loop, without a task,
/// so that an idle listener costs little.
final class SocketHandler: ChannelInboundHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    /// The largest frame that a client may send.
    static let frameBytesMax = 1 << 14

    /// How long a client may take to read the last frame, and to subscribe.
    private static let patience = TimeAmount.seconds(30)
    /// How many pings a client may leave without an answer.
    private static let pingsUnansweredMax = 3

    private let feed: EventFeed
    private let contract: FeedContract
    /// Who the socket's key stands for; nil if it came without one.
    private let caller: Caller?
    private var listener: SocketListener?
    private var number: UInt64?
    private var joinedHeight: UInt64 = 0
    /// The last place that was told.
    private var last = FeedPosition(ledger: FeedCursor(height: 0, index: 0))
    private var receipts = SocketReceipts()
    /// What waits until what was missed is told, or until the client reads.
    private var held: [FeedItem] = []
    private var heldSince: ContinuousClock.Instant?
    /// Where what was missed goes on; nil if nothing is missed.
    private var missing: FeedCursor?
    private var isClosing = false
    private var unused: Scheduled<Void>?
    private var pingsUnanswered = 0

    init(feed: EventFeed, contract: FeedContract, caller: Caller?) {
        self.feed = feed
        self.contract = contract
        self.caller = caller
    }

    func handlerAdded(context: ChannelHandlerContext) {
        listener = SocketListener(channel: context.channel)
        closeUnlessUsed(context)
    }

    /// Whoever listens is pinged; whoever has not begun to by then came for nothing.
    private func closeUnlessUsed(_ context: ChannelHandlerContext) {
        unused?.cancel()
        let channel = context.channel
        unused = context.eventLoop.scheduleTask(in: Self.patience) { channel.close(promise: nil) }
    }

    func handlerRemoved(context: ChannelHandlerContext) { leave() }

    func channelInactive(context: ChannelHandlerContext) {
        leave()
        context.fireChannelInactive()
    }

    private func leave() {
        unused?.cancel()
        if let number { feed.leave(number) }
        number = nil
        leaveReceipts()
        (held, heldSince) = ([], nil)
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
        // One who does not read is owed no answer.
        case .ping: if context.channel.isWritable { write(context, .pong, bytes) }
        case .pong: break
        case .connectionClose: close(context, .normalClosure)
        default: close(context, .unacceptableData)
        }
    }

    private func answer(_ context: ChannelHandlerContext, _ bytes: [UInt8]) {
        do throws(Problem) {
            switch try contract.read(bytes) {
            case .subscribe(let topics, let cursor):
                guard topics.contains(.receipts), receipts.reader == nil else {
                    return try subscribe(context, topics, cursor)
                }
                try prepareReceipts(context, topics, cursor)
            case .unsubscribe(let topics):
                guard receipts.begins == nil else { throw .isBeginning }
                listener?.remove(topics)
                if topics.contains(.receipts) { leaveReceipts() }
                confirm(context)
            }
        } catch {
            refuse(context, error)
        }
    }

    private func refuse(_ context: ChannelHandlerContext, _ problem: Problem) {
        let fault = problem.faults.first
        let detail = fault.map { "\($0.pointer) \($0.detail)" } ?? problem.detail
        let document = JSON.object([
            ("type", .text("problem")), ("code", .text(problem.code)), ("detail", .text(detail)),
        ])
        write(context, .text, document.bytes)
    }

    private func subscribe(
        _ context: ChannelHandlerContext,
        _ topics: Set<FeedTopic>,
        _ cursor: FeedPosition?
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
        unused?.cancel()
        let now = FeedCursor(height: joined.height, index: FeedCursor.blockEnd)
        last.ledger = cursor?.ledger ?? now
        confirm(context)
        guard last.ledger < now else { return }
        missing = last.ledger
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
        guard !isClosing else { return }
        switch signal {
        case .receiptsWait: askForReceipts(context)
        case .receipts(let page, let question):
            // What was asked for a subscription that is over says nothing of the next one.
            if question == receipts.question { take(context, page) }
        case .receiptsFailed(let question):
            if question == receipts.question { close(context, .unknown(1013)) }
        case .items(let items):
            hold(context, items)
            flushHeld(context)
        case .missed(let items, let next):
            tell(context, items)
            missing = next
            if next == nil { flushHeld(context) } else { askForMissing(context) }
        case .beat:
            ping(context)
            // A key that is over by now is noticed though nothing is made.
            askForReceipts(context)
        case .end: close(context, .goingAway)
        case .check(let instant): closeIfStalled(context, instant)
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable {
            askForMissing(context)
            flushHeld(context)
            if receipts.mustAsk { askForReceipts(context) }
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
        for item in items where item.cursor > last.ledger {
            last.ledger = item.cursor
            tell(context, item.kind, item.data)
        }
        context.flush()
    }

    private func tell(_ context: ChannelHandlerContext, _ kind: String, _ data: String) {
        let text = """
            {"type":"\(kind)","cursor":"\(last.text)","data":\(data)}
            """
        write(context, .text, Array(text.utf8), isLast: false)
    }

    // MARK: receipts

    /// Finds out where the caller's receipts are to begin; the subscription follows when that is
    /// known.
    private func prepareReceipts(
        _ context: ChannelHandlerContext,
        _ topics: Set<FeedTopic>,
        _ cursor: FeedPosition?
    ) throws(Problem) {
        guard let source = feed.receipts else { throw .noReceipts }
        guard receipts.begins == nil else { throw .isBeginning }
        let reader = try source.reader(caller)
        receipts.begins = SocketReceipts.Beginning(topics: topics, cursor: cursor, reader: reader)
        unused?.cancel()
        ask(context, reader, behind: nil)
    }

    private func askForReceipts(_ context: ChannelHandlerContext) {
        guard let reader = receipts.reader, !isClosing else { return }
        guard !receipts.isAsking, context.channel.isWritable else {
            receipts.mustAsk = true
            return
        }
        ask(context, reader, behind: last.receipts)
    }

    private func ask(
        _ context: ChannelHandlerContext,
        _ reader: ReceiptReader,
        behind place: UInt64?
    ) {
        guard let listener, let source = feed.receipts else { return }
        receipts.isAsking = true
        receipts.mustAsk = false
        receipts.question += 1
        let question = receipts.question
        let isTaken = source.ask(
            ReceiptFeed.Question(
                reader: reader,
                place: place,
                deliver: { [listener] in listener.signal(.receipts($0, question: question)) },
                fail: { [listener] in listener.signal(.receiptsFailed(question: question)) }
            )
        )
        if !isTaken { close(context, .unknown(1013)) }
    }

    private func take(_ context: ChannelHandlerContext, _ page: ReceiptPage?) {
        receipts.isAsking = false
        guard let page else {
            refuse(context, .receiptsOver)
            return close(context, .policyViolation)
        }
        if let begins = receipts.begins { return begin(context, begins, page) }
        // One that has left them meanwhile hears nothing.
        guard receipts.reader != nil else { return }
        for entry in page.entries {
            last.receipts = entry.number
            tell(context, "receipt", entry.apiDocument.line)
        }
        last.receipts = page.place
        context.flush()
        if page.hasMore || receipts.mustAsk { askForReceipts(context) }
    }

    private func begin(
        _ context: ChannelHandlerContext,
        _ begins: SocketReceipts.Beginning,
        _ page: ReceiptPage
    ) {
        receipts.begins = nil
        guard let listener else { return }
        last.receipts = min(begins.cursor?.receipts ?? page.place, page.place)
        do throws(Problem) {
            try subscribe(context, begins.topics, begins.cursor)
        } catch {
            last.receipts = nil
            if number == nil { closeUnlessUsed(context) }
            return refuse(context, error)
        }
        receipts.reader = begins.reader
        receipts.ticket = feed.receipts?.join(listener, begins.reader.account)
        askForReceipts(context)
    }

    private func leaveReceipts() {
        if let ticket = receipts.ticket, let reader = receipts.reader {
            feed.receipts?.leave(ticket, reader.account)
        }
        receipts = SocketReceipts(question: receipts.question + 1)
        last.receipts = nil
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
        leave()
        var data = context.channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: code)
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, data: data)
        let written = context.writeAndFlush(wrapOutboundOut(frame))
        let channel = context.channel
        let late = context.eventLoop.scheduleTask(in: Self.patience) {
            channel.close(promise: nil)
        }
        written.whenComplete { _ in
            late.cancel()
            channel.close(promise: nil)
        }
    }

    private func closeIfStalled(
        _ context: ChannelHandlerContext,
        _ instant: ContinuousClock.Instant
    ) {
        if let heldSince, heldSince < instant { context.close(promise: nil) }
    }
}
