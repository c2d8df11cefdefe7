import Hummingbird
import SettlementCore
import WebServing

extension Portal {
    /// What is read rather than watched: the documentation and what refusals mean.
    func addReference(to router: Router<WebContext>) {
        add("/docs", to: router) { _ in
            var fill = Fill()
            fill.put("gateway", options.gatewayURL)
            let snippets = Snippets(
                model: "my-model",
                interface: .chat,
                gateway: options.gatewayURL
            )
            fill.put(
                "snippets",
                snippets.all.map { language, title, text in
                    var fill = Fill(["language": language, "languageTitle": title, "code": text])
                    fill.put("isFirst", language == "curl")
                    return fill
                }
            )
            return Sheet(template: "docs-page", title: "Docs", section: .docs, fill: fill)
        }
        add("/problems", to: router) { _ in
            var groups: [(name: String, problems: [Fill])] = []
            for problem in problems.all {
                let name = problem.component ?? "requests"
                if groups.last?.name != name { groups.append((name, [])) }
                groups[groups.count - 1].problems.append(problem.fill())
            }
            var fill = Fill()
            fill.put(
                "groups",
                groups.map { group in
                    var fill = Fill(["groupName": group.name.capitalizedFirst])
                    fill.put("problems", group.problems)
                    return fill
                }
            )
            return Sheet(
                template: "problems-page",
                title: "Problems",
                section: .docs,
                fill: fill
            )
        }
        add("/problems/:code", to: router) { read in
            guard let code = read.context.parameters.get("code"), let problem = problems[code]
            else {
                throw Problem.missing(
                    "There is no problem of this name.",
                    hint: "All of them are under /problems."
                )
            }
            return Sheet(
                template: "problem-text-page",
                title: problem.code,
                section: .docs,
                fill: problem.fill()
            )
        }
    }
}
