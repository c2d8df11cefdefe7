import Identity
import LedgerCore
import LedgerIndex
import MarketTypes
import SettlementCore
import WebServing

/// What a search page was asked, as the form shows it again; what means nothing is left out.
struct SearchForm: Hashable, Sendable {
    static let offersMax = 24

    var text = ""
    var kind: AssetKind?
    var interface: CallInterface?
    var unit: Unit?
    var maximum = ""
    var seller = ""
    var sort = "relevance"
    /// What of the form could not be understood, for people.
    var faults: [String] = []

    /// Reads the form's parameters.
    init(_ value: (String) -> String?) {
        text = String((value("text") ?? "").prefix(200))
        kind = value("kind").flatMap { name in AssetKind.allCases.first { $0.name == name } }
        interface = value("interface").flatMap { name in
            CallInterface.allCases.first { $0.name == name }
        }
        unit = value("unit").flatMap { Unit(name: $0) }
        maximum = String((value("max") ?? "").prefix(40))
        seller = String((value("seller") ?? "").prefix(120))
        let order = value("sort") ?? "relevance"
        sort = ["relevance", "newest", "price"].contains(order) ? order : "relevance"
    }

    /// The index' question.
    mutating func search() -> OfferSearch {
        var search = OfferSearch()
        search.text = text.isEmpty ? nil : text
        search.kind = kind
        search.interface = interface
        let measured = unit ?? .outputToken
        if !maximum.isEmpty {
            if let most = try? Amount(stoa: maximum), let limit = Self.perMillion(most, measured) {
                search.priceLimit = .init(measured, perMillion: limit)
            } else {
                faults.append("The highest price is a number of STOA, such as 0.05.")
            }
        }
        if !seller.isEmpty {
            if let account = AccountID(address: seller) {
                search.seller = account
            } else {
                faults.append("A seller is named by its address, which starts with stoa1.")
            }
        }
        search.order =
            switch sort {
            case "newest": .newest
            case "price": .price(measured)
            default: .relevance
            }
        return search
    }

    /// A price of what people compare, as one of a million units; rounded up, as the index rounds
    /// the prices that are compared with it.
    static func perMillion(_ price: Amount, _ unit: Unit) -> Amount? {
        let count = UInt128(PriceText.measure(unit).count)
        let product = price.obol.multipliedFullWidth(by: 1_000_000)
        guard product.high < count else { return nil }
        let (quotient, rest) = count.dividingFullWidth(product)
        let (limit, overflow) = quotient.addingReportingOverflow(rest > 0 ? 1 : 0)
        return overflow ? nil : Amount(obol: limit)
    }

    /// The form's parameters, for links to other pages of the same search.
    var parameters: [(String, String?)] {
        [
            ("text", text), ("kind", kind?.name), ("interface", interface?.name),
            ("unit", unit?.name), ("max", maximum), ("seller", seller),
            ("sort", sort == "relevance" ? nil : sort),
        ]
    }

    /// The form for its template.
    var fill: Fill {
        var fill = Fill()
        fill.put("text", text)
        fill.put("max", maximum)
        fill.put("sellerText", seller)
        func options(_ all: [(value: String, title: String)], _ chosen: String) -> [Fill] {
            all.map { value, title in
                var fill = Fill(["value": value, "optionTitle": title])
                fill.put("chosen", value == chosen)
                return fill
            }
        }
        fill.put(
            "kinds",
            options(
                [("", "Any kind")]
                    + AssetKind.allCases.map { ($0.name, $0.name.capitalizedFirst) },
                kind?.name ?? ""
            )
        )
        fill.put(
            "interfaces",
            options(
                [("", "Any interface")]
                    + CallInterface.allCases.map { ($0.name, OfferCards.interface($0)) },
                interface?.name ?? ""
            )
        )
        fill.put(
            "units",
            options(
                Unit.allCases.map { ($0.name, PriceText.measure($0).text) },
                (unit ?? .outputToken).name
            )
        )
        fill.put(
            "sorts",
            options(
                [("relevance", "Best match"), ("newest", "Newest"), ("price", "Cheapest")],
                sort
            )
        )
        fill.put("faults", faults.map { Fill(["fault": $0]) })
        return fill
    }
}

extension String {
    /// With a capital at the front.
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
