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

    /// What every page shows around itself.
    private func shell(_ sheet: Sheet, _ latest: Fill?) -> Fill {
        var fill = Fill()
        fill.put("title", sheet.title == "Stoa" ? "Stoa" : sheet.title + " · Stoa")
        fill.put("stylesheet", path(of: "stoa.css"))
        fill.put("themeScript", path(of: "theme.js"))
        fill.put("pageScript", path(of: "stoa.js"))
        fill.put("icon", path(of: "mark.svg"))
        fill.put(
            "htmxScript",
            libraries["htmx.min.js"].map { $0.path(under: PortalPaths.libraries) }
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
        fill.put("latest", latest)
        return fill
    }

    /// The page's markup, or its part's alone.
    func write(_ sheet: Sheet, latest: Fill?, partOnly: Bool) -> String {
        var values = sheet.fill.values
        if partOnly, let part = sheet.part {
            return library.render(values, withTemplate: part) ?? ""
        }
        values["shell"] = shell(sheet, latest).values
        return library.render(values, withTemplate: sheet.template) ?? ""
    }

    /// The names of all templates, for tests.
    var templateNames: [String] { files.templates.keys.sorted() }
}
