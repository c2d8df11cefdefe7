import SettlementCore

/// How an offer is called, in four languages, ready to be copied.
struct Snippets: Sendable {
    let model: String
    let interface: CallInterface
    let base: String
    /// The key that they send; without one they are for a gateway of one's own.
    var apiKey: String?

    init(offer: Offer, gateway: String) {
        self.init(model: offer.model, interface: offer.interface, gateway: gateway)
    }

    init(model: String, interface: CallInterface, gateway: String) {
        self.model = model
        self.interface = interface
        base = gateway + "/v1"
    }

    var url: String { base + interface.path.dropFirst("/v1".count) }

    private var body: String {
        switch interface {
        case .chat:
            #"{"model": "\#(model)", "messages": [{"role": "user", "content": "Hello"}]}"#
        case .embeddings: #"{"model": "\#(model)", "input": ["Hello"]}"#
        case .json: #"{"input": {}}"#
        case .images: #"{"model": "\#(model)", "prompt": "A lighthouse at dawn"}"#
        case .speech: #"{"model": "\#(model)", "input": "Hello", "voice": "alloy"}"#
        case .transcription: ""
        }
    }

    var all: [(language: String, title: String, text: String)] {
        [
            ("curl", "curl", curl), ("python", "Python", python),
            ("javascript", "JavaScript", javascript), ("swift", "Swift", swift),
        ]
    }

    /// What stands in the request's head beside its type: a body of JSON is the seller's, so the
    /// model's name is there.
    private var fields: [(name: String, value: String)] {
        let key = apiKey.map { [("authorization", "Bearer \($0)")] } ?? []
        return key + (interface == .json ? [("x-stoa-model", model)] : [])
    }

    var authorization: String {
        fields.map { "\n  -H '\($0.name): \($0.value)' \\" }.joined()
    }

    var pythonField: String {
        fields.map { ", \"\($0.name)\": \"\($0.value)\"" }.joined()
    }

    var javascriptField: String { pythonField }

    var swiftField: String {
        fields.map {
            "request.setValue(\"\($0.value)\", forHTTPHeaderField: \"\($0.name)\")\n    "
        }.joined()
    }

    private var curl: String {
        if interface == .transcription { return uploadCurl }
        let file = interface == .speech ? " \\\n  -o speech.mp3" : ""
        return """
        curl \(url) \\\(authorization)
          -H 'content-type: application/json' \\
          -d '\(body)'\(file)
        """
    }

    private var python: String {
        switch interface {
        case .chat:
            """
            from openai import OpenAI

            client = OpenAI(
                base_url="\(base)",
                api_key="\(apiKey ?? "none")",
            )
            reply = client.chat.completions.create(
                model="\(model)",
                messages=[{"role": "user", "content": "Hello"}],
            )
            print(reply.choices[0].message.content)
            print("cost in obol:", reply.usage.cost)
            print("receipt:", getattr(reply.usage, "receipt", "none"))
            """
        case .embeddings:
            """
            from openai import OpenAI

            client = OpenAI(base_url="\(base)", api_key="\(apiKey ?? "none")")
            reply = client.embeddings.create(model="\(model)", input=["Hello"])
            print(len(reply.data[0].embedding))
            """
        case .images, .speech, .transcription: mediaPython
        case .json:
            """
            import json, urllib.request

            request = urllib.request.Request(
                "\(url)",
                data=json.dumps({"input": {}}).encode(),
                headers={"content-type": "application/json"\(pythonField)},
            )
            print(urllib.request.urlopen(request).read().decode())
            """
        }
    }

    private var javascript: String {
        if interface == .transcription { return uploadJavascript }
        let result =
            interface == .speech ? "(await reply.arrayBuffer()).byteLength" : "await reply.json()"
        return """
        const reply = await fetch("\(url)", {
          method: "POST",
          headers: { "content-type": "application/json"\(javascriptField) },
          body: JSON.stringify(\(body)),
        });
        console.log(\(result));
        """
    }

    private var swift: String {
        if interface == .transcription { return uploadSwift }
        let result =
            interface == .speech ? "data.count" : "String(decoding: data, as: UTF8.self)"
        return """
        import Foundation

        if let url = URL(string: "\(url)") {
            var request = URLRequest(url: url)
            request.httpMethod = "POST"
            request.setValue("application/json", forHTTPHeaderField: "content-type")
            \(swiftField)request.httpBody = Data(#"\(body)"#.utf8)
            let (data, _) = try await URLSession.shared.data(for: request)
            print(\(result))
        }
        """
    }
}
