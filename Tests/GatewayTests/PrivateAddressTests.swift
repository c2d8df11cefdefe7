import LedgerCore
import MarketTypes
import Testing

@testable import Gateway

@Suite("Addresses that an offer may not name")
struct PrivateAddressTests {
    @Test(
        "this machine and private networks, however they are spelled",
        arguments: [
            "http://127.0.0.1:80", "https://127.1/", "http://2130706433/", "http://0x7f000001/",
            "http://0177.0.0.1/", "http://0/", "http://10.0.0.1", "http://172.16.0.1",
            "http://172.31.255.255", "http://192.168.1.1:8080/v1", "http://169.254.169.254/latest",
            "http://100.64.0.1", "http://224.0.0.1", "http://255.255.255.255", "http://[::1]:80",
            "http://[::]", "http://[fe80::1]", "http://[fd00::1]", "http://[::ffff:127.0.0.1]",
            "http://[2002:7f00:1::]", "http://localhost", "http://LOCALHOST.:80",
            "http://printer.local", "http://db.internal", "http://db", "http://user@example.org",
            "http://127.0.0.1\\@example.org", "http://", "ftp//x",
        ]
    )
    func refused(_ endpoint: String) {
        #expect(PrivateAddress.isNamed(by: endpoint))
    }

    @Test(
        "public ones are not among them",
        arguments: [
            "https://example.org", "https://models.example.org:8443/v1", "http://93.184.216.34",
            "http://172.15.0.1", "http://172.32.0.1", "http://[2606:2800:220:1::1]:443/",
            "http://1e100.net",
        ]
    )
    func allowed(_ endpoint: String) {
        #expect(!PrivateAddress.isNamed(by: endpoint))
    }
}
