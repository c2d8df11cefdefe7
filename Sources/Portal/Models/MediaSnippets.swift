import SettlementCore

/// How images, speech and transcriptions are called.
extension Snippets {
    var mediaPython: String {
        let start = """
            from openai import OpenAI

            client = OpenAI(base_url="\(base)", api_key="\(apiKey ?? "none")")

            """
        switch interface {
        case .images:
            return start + """
                reply = client.images.generate(model="\(model)", prompt="A lighthouse at dawn")
                print(reply.data[0].url or len(reply.data[0].b64_json))
                """
        case .speech:
            return start + """
                reply = client.audio.speech.create(
                    model="\(model)", voice="alloy", input="Hello")
                reply.write_to_file("speech.mp3")
                """
        default:
            return start + """
                with open("speech.mp3", "rb") as file:
                    reply = client.audio.transcriptions.create(model="\(model)", file=file)
                print(reply.text)
                """
        }
    }

    var uploadCurl: String {
        """
        curl \(url) \\\(authorization)
          -F model=\(model) \\
          -F file=@speech.mp3
        """
    }

    var uploadJavascript: String {
        let headers =
            apiKey.map { "\n  headers: { authorization: \"Bearer \($0)\" }," } ?? ""
        return """
            import { openAsBlob } from "node:fs";

            const form = new FormData();
            form.append("model", "\(model)");
            form.append("file", await openAsBlob("speech.mp3"), "speech.mp3");
            const reply = await fetch("\(url)", {
              method: "POST",\(headers)
              body: form,
            });
            console.log(await reply.json());
            """
    }

    var uploadSwift: String {
        """
        import Foundation

        if let url = URL(string: "\(url)") {
            let file = try Data(contentsOf: URL(fileURLWithPath: "speech.mp3"))
            var form = Data(
                ("--b\\r\\ncontent-disposition: form-data; name=\\"model\\"\\r\\n\\r\\n"
                    + "\(model)\\r\\n").utf8)
            form += Data(
                ("--b\\r\\ncontent-disposition: form-data; name=\\"file\\"; "
                    + "filename=\\"speech.mp3\\"\\r\\n\\r\\n").utf8)
            form += file + Data("\\r\\n--b--\\r\\n".utf8)
            var request = URLRequest(url: url)
            request.httpMethod = "POST"
            request.setValue(
                "multipart/form-data; boundary=b", forHTTPHeaderField: "content-type")
            \(swiftField)request.httpBody = form
            let (data, _) = try await URLSession.shared.data(for: request)
            print(String(decoding: data, as: UTF8.self))
        }
        """
    }
}
