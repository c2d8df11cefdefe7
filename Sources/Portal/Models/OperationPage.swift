import WebServing

/// One operation of the API: a form of what it takes, and how it is called.
struct OperationPage: Sendable {
    static let textMax = 600

    let operation: OperationDescription
    /// What was typed, by parameter.
    let typed: [String: String]
    let isSent: Bool

    init(_ operation: OperationDescription, _ value: (String) -> String?) {
        self.operation = operation
        isSent = value("run") == "1"
        var typed: [String: String] = [:]
        for parameter in operation.parameters {
            typed[parameter.name] = value(parameter.name).map { String($0.prefix(Self.textMax)) }
        }
        self.typed = typed
    }

    /// The address that the form's fields make; what is missing stands in braces.
    var path: String {
        var path = operation.path
        var query: [(String, String?)] = []
        for parameter in operation.parameters {
            let value = typed[parameter.name]
            if !parameter.isInPath {
                query.append((parameter.name, value))
            } else if let value {
                path = path.split(separator: "/", omittingEmptySubsequences: false)
                    .map { $0 == "{\(parameter.name)}" ? PortalPaths.escape(value) : String($0) }
                    .joined(separator: "/")
            }
        }
        return PortalPaths.query(path, query)
    }

    /// What must be said and was not.
    var missing: [String] {
        operation.parameters.filter { $0.isRequired && typed[$0.name] == nil }.map(\.name)
    }

    var isRead: Bool { operation.method == "GET" }

    func fill(origin: String) -> Fill {
        var fill = Fill(["summary": operation.summary, "method": operation.method])
        fill.put("apiPath", operation.path)
        fill.put("text", Self.plain(operation.text))
        fill.put("hasText", !operation.text.isEmpty)
        fill.put("operationID", operation.id)
        fill.put("groupName", operation.group.name.capitalizedFirst)
        fill.put("groupID", operation.group.name)
        fill.put("asksForKey", !operation.isOpen)
        fill.put("isRead", isRead)
        fill.put("fields", operation.parameters.map { field($0) })
        fill.put("missingText", isSent && !missing.isEmpty ? missing.joined(separator: ", ") : nil)
        fill.put("answerPath", isRead && isSent && missing.isEmpty ? path : nil)
        let snippets = RequestSnippets(
            method: operation.method,
            url: origin + path,
            apiKey: operation.isOpen ? nil : "stoa_live_…"
        )
        fill.put(
            "snippets",
            snippets.all.map { language, title, text in
                var fill = Fill(["language": language, "languageTitle": title, "code": text])
                fill.put("isFirst", language == "curl")
                return fill
            }
        )
        return fill
    }

    /// Markdown's marks of code mean nothing on a page.
    private static func plain(_ text: String) -> String { text.filter { $0 != "`" } }

    private func field(_ parameter: OperationDescription.Parameter) -> Fill {
        let value = typed[parameter.name] ?? ""
        var fill = Fill([
            "name": parameter.name, "value": value, "fieldText": Self.plain(parameter.text),
        ])
        fill.put("hasFieldText", !parameter.text.isEmpty)
        fill.put("required", parameter.isRequired)
        fill.put("standard", parameter.standard ?? "")
        let choices = parameter.isRequired ? parameter.choices : [""] + parameter.choices
        fill.put(
            "choices",
            parameter.choices.isEmpty
                ? []
                : choices.map { choice in
                    var fill = Fill(["choice": choice])
                    let empty = parameter.standard.map { "as usual: \($0)" } ?? "any"
                    fill.put("choiceTitle", choice.isEmpty ? empty : choice)
                    fill.put("chosen", choice == value)
                    return fill
                }
        )
        return fill
    }
}

/// How an operation of the API is called, in four languages, ready to be copied.
struct RequestSnippets: Sendable {
    let method: String
    let url: String
    /// The key that they send; nil if none is asked for.
    let apiKey: String?

    private var isRead: Bool { method == "GET" }

    var all: [(language: String, title: String, text: String)] {
        [
            ("curl", "curl", curl), ("python", "Python", python),
            ("javascript", "JavaScript", javascript), ("swift", "Swift", swift),
        ]
    }

    private var headers: [(String, String)] {
        var headers: [(String, String)] = []
        if let apiKey { headers.append(("authorization", "Bearer \(apiKey)")) }
        if !isRead, method != "DELETE" { headers.append(("content-type", "application/json")) }
        return headers
    }

    private var hasBody: Bool { !isRead && method != "DELETE" }

    private var curl: String {
        var lines = ["curl " + (isRead ? "" : "-X \(method) ") + SellForm.quoted(url)]
        lines += headers.map { "-H '\($0): \($1)'" }
        if hasBody { lines.append("-d @body.json") }
        return lines.joined(separator: " \\\n  ")
    }

    private func map(_ open: String, _ close: String) -> String {
        open + headers.map { "\"\($0)\": \"\($1)\"" }.joined(separator: ", ") + close
    }

    private var python: String {
        var arguments = ["\"\(url)\""]
        if hasBody { arguments.append("data=open(\"body.json\", \"rb\").read()") }
        if !headers.isEmpty { arguments.append("headers=" + map("{", "}")) }
        if !isRead { arguments.append("method=\"\(method)\"") }
        return """
            import json, urllib.request

            request = urllib.request.Request(
                \(arguments.joined(separator: ",\n    ")),
            )
            print(json.load(urllib.request.urlopen(request)))
            """
    }

    private var javascript: String {
        var members: [String] = []
        if !isRead { members.append("method: \"\(method)\"") }
        if !headers.isEmpty { members.append("headers: " + map("{ ", " }")) }
        if hasBody { members.append("body: JSON.stringify(body)") }
        let options = members.isEmpty ? "" : ", {\n  \(members.joined(separator: ",\n  "))\n}"
        return """
            const answer = await fetch("\(url)"\(options));
            console.log(await answer.json());
            """
    }

    private var swift: String {
        var lines = isRead ? [] : ["request.httpMethod = \"\(method)\""]
        lines += headers.map { "request.setValue(\"\($1)\", forHTTPHeaderField: \"\($0)\")" }
        if hasBody { lines.append("request.httpBody = body") }
        let more = lines.map { "\n    " + $0 }.joined()
        return """
            import Foundation

            if let url = URL(string: "\(url)") {
                \(lines.isEmpty ? "let" : "var") request = URLRequest(url: url)\(more)
                let (data, _) = try await URLSession.shared.data(for: request)
                print(String(decoding: data, as: UTF8.self))
            }
            """
    }
}
