import AccessCore
import Hummingbird
import Mustache
import WebServing

/// The part of the market that a page belongs to: what the navigation marks.
enum PageSection: String, CaseIterable, Sendable {
    case market, assets, exchange, jobs, governance, explorer, docs, none

    static let shown: [(section: PageSection, title: String, path: String)] = [
        (.market, "Market", "/search"), (.assets, "Assets", "/assets"),
        (.exchange, "Exchange", "/exchange"), (.jobs, "Jobs", "/jobs"),
        (.governance, "Governance", "/governance"), (.explorer, "Explorer", "/explorer"),
        (.docs, "Docs", "/docs"),
    ]
}

/// A page before it is written.
struct Sheet {
    /// Which template.
    let template: String
    /// What the browser's window is called.
    let title: String
    let section: PageSection
    var fill: Fill
    var status: HTTPResponse.Status = .ok
    /// The template of the part that is sent alone if a script asked for it.
    var part: String?
    /// Further scripts of the page, by name.
    var scripts: [String] = []
    /// Whose key signs what the page's forms ask for; the visitor's first, if nil.
    var signer: Passkey?
    /// Whether the page shows what only one person may see, whoever is signed in.
    var isPersonal = false
    /// Whether it is a page on which people sign in, which leads to no other such page.
    var isDoor = false
}

/// Writes pages: templates are read once, and everything in them is escaped unless this program
/// made it as markup.
struct PageWriter: Sendable {
    private let library: MustacheLibrary
    private let files: PortalFiles
    private let libraries: [String: StaticFile]

    /// - Throws: a parser's error if a template cannot be read.
    init(files: PortalFiles, libraries: [String: StaticFile]) throws {
        var library = MustacheLibrary()
        for (name, text) in files.templates { try library.register(text, named: name) }
        self.library = library
        self.files = files
        self.libraries = libraries
    }

    /// Where one of this program's files is.
    func path(of name: String) -> String? {
        files.files[name].map { $0.path(under: PortalPaths.assets) }
    }

    /// What a page shows around itself, besides what all show.
    struct Surroundings {
        /// The last block that the index has.
        var latest: Fill?
        /// Who is signed in.
        var visitor: Fill?
        /// Where a stranger signs in; nil where nobody can.
        var signInHref: String?
        /// Whether the market gives its money away, to be tried out.
        var isSandbox = false
        /// Where the market is, for paper.
        var origin = ""
        /// The pages that only the visitor sees.
        var accountPages: [Fill] = []
        /// Whether this is one of them.
        var isAccount = false
    }

    /// What every page shows around itself.
    private func shell(_ sheet: Sheet, _ surroundings: Surroundings) -> Fill {
        var fill = Fill()
        fill.put("title", sheet.title == "Stoa" ? "Stoa" : sheet.title + " · Stoa")
        fill.put("stylesheet", path(of: "stoa.css"))
        fill.put("themeScript", path(of: "theme.js"))
        fill.put("pageScript", path(of: "stoa.js"))
        fill.put("icon", path(of: "mark.svg"))
        // Half of a page's first paint was this library's, so only pages that use it have it.
        fill.put(
            "htmxScript",
            sheet.part == nil
                ? nil : libraries["htmx.min.js"].map { $0.path(under: PortalPaths.libraries) }
        )
        fill.put(
            "scripts",
            sheet.scripts.compactMap { path(of: $0) }.map { Fill(["src": $0]) }
        )
        fill.put(
            "navigation",
            PageSection.shown.map { entry in
                var item = Fill(["navTitle": entry.title, "navPath": entry.path])
                item.put("navHere", entry.section == sheet.section)
                return item
            }
        )
        fill.put("latest", surroundings.latest)
        fill.put("visitor", surroundings.visitor)
        fill.put("isSandbox", surroundings.isSandbox)
        fill.put("origin", surroundings.origin)
        fill.put("accountPages", surroundings.accountPages)
        fill.put("isAccount", surroundings.isAccount && surroundings.visitor != nil)
        fill.put("signInHref", surroundings.visitor == nil ? surroundings.signInHref : nil)
        return fill
    }

    /// The page's markup, or its part's alone.
    func write(_ sheet: Sheet, _ surroundings: Surroundings, partOnly: Bool) -> String {
        var values = sheet.fill.values
        if partOnly, let part = sheet.part {
            return library.render(values, withTemplate: part) ?? ""
        }
        values["shell"] = shell(sheet, surroundings).values
        return library.render(values, withTemplate: sheet.template) ?? ""
    }

    /// The names of all templates, for tests.
    var templateNames: [String] { files.templates.keys.sorted() }
}
