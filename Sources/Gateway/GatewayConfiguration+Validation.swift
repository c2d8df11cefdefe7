import Identity
import MarketTypes
import SettlementCore

extension GatewayConfiguration {
    /// Every reason why this configuration cannot be used, in sentences; empty if it can.
    public func validate() -> [String] {
        validateDoor() + validateMoney() + validateSellers() + validateLimits()
    }

    private func validateDoor() -> [String] {
        var faults: [String] = []
        if host.isEmpty { faults.append("host is empty") }
        if !(0...65_535).contains(port) { faults.append("port is not between 0 and 65535") }
        if journalDirectory.isEmpty { faults.append("journalDirectory is empty") }
        if let apiKey, apiKey.utf8.count < Self.apiKeyBytesMin {
            faults.append("the API key has less than \(Self.apiKeyBytesMin) characters")
        }
        if apiKey == nil, !isLoopback {
            faults.append(
                "host \(host) is not loopback: set --api-key-file, or anyone may spend here"
            )
        }
        return faults
    }

    private func validateMoney() -> [String] {
        var faults: [String] = []
        if unitBudgets.isEmpty || budget.totalObol > 0 { faults += validateNativeBudget() }
        for (index, budget) in unitBudgets.enumerated() {
            faults += budget.faults(at: "unitBudgets[\(index)]")
            if unitBudgets.prefix(index).contains(where: { $0.unit == budget.unit }) {
                faults.append("unitBudgets names \(budget.unit) twice")
            }
        }
        if unitBudgets.count > Self.unitBudgetsMax {
            faults.append("unitBudgets has more than \(Self.unitBudgetsMax) units")
        }
        if voucherValidSeconds <= queueTimeoutMilliseconds / 1000 {
            faults.append("voucherValidSeconds does not exceed queueTimeoutMilliseconds")
        }
        if priceMaxObolPerCall == 0 { faults.append("priceMaxObolPerCall is zero") }
        return faults
    }

    private func validateNativeBudget() -> [String] {
        var faults: [String] = []
        if budget.totalObol == 0 { faults.append("budget.totalObol is zero") }
        if budget.channelDepositObol == 0 { faults.append("budget.channelDepositObol is zero") }
        if budget.channelDepositObol > budget.totalObol {
            faults.append("budget.channelDepositObol exceeds budget.totalObol")
        }
        if budget.topUpBelowObol > budget.channelDepositObol {
            faults.append("budget.topUpBelowObol exceeds budget.channelDepositObol")
        }
        return faults
    }

    private func validateSellers() -> [String] {
        var faults: [String] = []
        for address in sellers.allow + sellers.deny where AccountID(address: address) == nil {
            faults.append("sellers: '\(address)' is not an address")
        }
        for address in sellers.allow where sellers.deny.contains(address) {
            faults.append("sellers: \(address) is both allowed and denied")
        }
        if health.cooldownMilliseconds > health.cooldownMillisecondsMax {
            faults.append("health.cooldownMilliseconds exceeds health.cooldownMillisecondsMax")
        }
        return faults
    }

    private func validateLimits() -> [String] {
        let ranges: [(field: String, value: Int, range: ClosedRange<Int>)] = [
            ("sellers.sellersMax", sellers.sellersMax, 1...4096),
            ("health.failuresMax", Int(health.failuresMax), 1...1000),
            (
                "health.cooldownMillisecondsMax", Int(clamping: health.cooldownMillisecondsMax),
                1...86_400_000
            ),
            ("lanesPerChannel", Int(lanesPerChannel), 1...Int(ChannelTerms.lanesMax)),
            ("concurrentCallsMax", concurrentCallsMax, 1...16_384),
            ("queuedCallsMax", queuedCallsMax, 0...65_536),
            ("queueTimeoutMilliseconds", queueTimeoutMilliseconds, 1...600_000),
            ("attemptsMax", attemptsMax, 1...16),
            ("requestBytesMax", requestBytesMax, 1...(64 << 20)),
            ("uploadBytesMax", uploadBytesMax, 1...(64 << 20)),
            ("responseBytesMax", responseBytesMax, 1...(1 << 30)),
            ("connectTimeoutMilliseconds", connectTimeoutMilliseconds, 1...60_000),
            ("headerTimeoutSeconds", headerTimeoutSeconds, 1...86_400),
            ("totalTimeoutSeconds", totalTimeoutSeconds, 1...86_400),
            ("voucherValidSeconds", voucherValidSeconds, 1...86_400),
            ("offersRefreshSeconds", offersRefreshSeconds, 1...86_400),
            ("offersMax", offersMax, 1...65_536),
            ("recentReceiptsMax", recentReceiptsMax, 1...65_536),
        ]
        return ranges.compactMap { entry in
            entry.range.contains(entry.value)
                ? nil
                : "\(entry.field) is not between \(entry.range.lowerBound) and "
                    + "\(entry.range.upperBound)"
        }
    }

    /// The most issued units that a gateway pays in.
    static let unitBudgetsMax = 32

    /// The shortest key that is not guessed by trying.
    static let apiKeyBytesMin = 16

    /// Whether only programs on this machine can connect.
    var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }
}
