import Hummingbird
import WebServing

extension Portal {
    /// What is read rather than watched: what refusals mean.
    func addReference(to router: Router<WebContext>) {
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
