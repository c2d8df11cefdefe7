import Glibc
import Testing

@testable import HTTPServing

@Suite("Sockets that a process is started with (SUP-5)")
struct ListeningSocketTests {
    private func socket(_ environment: [String: String]) throws(ListeningFailure)
        -> ListeningSocket
    {
        try .inherited(from: environment, orAddress: "127.0.0.1", port: 80)
    }

    private let address = ListeningSocket.address(host: "127.0.0.1", port: 80)
    private let me = "\(getpid())"

    @Test("Without both words, or with another process's number, there is none")
    func notMine() throws {
        #expect(try socket([:]) == address)
        #expect(try socket(["LISTEN_FDS": "1"]) == address)
        #expect(try socket(["LISTEN_PID": me]) == address)
        #expect(try socket(["LISTEN_FDS": "1", "LISTEN_PID": "1"]) == address)
        #expect(try socket(["LISTEN_FDS": "1", "LISTEN_PID": "x"]) == address)
    }

    @Test("Two sockets, none, or words are refused", arguments: ["0", "2", "", "one", "-1", "01"])
    func wrongCount(count: String) {
        #expect(throws: ListeningFailure.wrongCount(count)) {
            try socket(["LISTEN_FDS": count, "LISTEN_PID": me])
        }
    }

    @Test("A notice without a reader, or to an impossible place, harms nobody")
    func notices() {
        StartNotice.send("READY=1", to: nil)
        StartNotice.send("READY=1", to: "")
        StartNotice.send("READY=1", to: "/nowhere/at/all")
        StartNotice.send("READY=1", to: "@stoa-nobody-\(getpid())")
        StartNotice.send("READY=1", to: String(repeating: "x", count: 500))
    }

    @Test("The header date is of RFC 9110")
    func date() {
        #expect(DateStamp.text(of: 784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
