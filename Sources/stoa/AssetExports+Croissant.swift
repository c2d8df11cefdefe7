import FoundationEssentials
import Glibc
import LedgerCore
import MarketTypes

/// MLCommons Croissant 1.0 (http://mlcommons.org/croissant/1.0): schema.org's Dataset, with files
/// that carry their SHA-256 and, for CSV, records by column.
extension AssetSource {
    /// The dataset's JSON-LD.
    func croissant() throws -> DocumentTree {
        var fields: [String: DocumentTree] = [
            "@context": Self.croissantContext,
            "@type": "sc:Dataset",
            "conformsTo": "http://mlcommons.org/croissant/1.0",
            "name": .text(facts.asset.name),
            "description": .text(sentence),
            "identifier": .text(uri),
            "version": .text("\(facts.versionNumber).0.0"),
            "license": .text(licenceLink),
            "url": .text(facts.version.metadataLink.isEmpty ? uri : facts.version.metadataLink),
            "citeAs": .text("\(facts.asset.owner): \(facts.asset.name), \(uri)"),
            "creator": ["@type": "sc:Organization", "name": .text("\(facts.asset.owner)")],
            "distribution": .list(distribution),
        ]
        if let published = words.published { fields["datePublished"] = .text(published) }
        if let use = facts.terms?.use {
            let words = use.entries.map { "\($0.name): \($0.permission.name)" }
            fields["usageInfo"] = .text(words.joined(separator: "; "))
        }
        if !parents.isEmpty { fields["isBasedOn"] = .list(parents.map { .text($0.uri) }) }
        let records = try files.filter { $0.name.hasSuffix(".csv") }.map { try recordSet($0) }
        if !records.isEmpty { fields["recordSet"] = .list(records) }
        return .object(fields)
    }

    /// The licence as a link, if SPDX lists it.
    private var licenceLink: String {
        let licence = facts.asset.licence
        let isListed =
            !licence.hasPrefix(AssetTerms.ownLicencePrefix) && !licence.contains(" ")
        return isListed ? "https://spdx.org/licenses/\(licence).html" : licence
    }

    private var distribution: [DocumentTree] {
        guard !files.isEmpty else {
            let link = facts.version.metadataLink
            return [
                [
                    "@type": "cr:FileObject", "@id": .text(facts.asset.name),
                    "name": .text(facts.asset.name),
                    "contentUrl": .text(link.isEmpty ? facts.asset.name : link),
                    "encodingFormat": "application/octet-stream",
                    "sha256": .text("\(facts.version.content)"),
                ]
            ]
        }
        return files.map { file in
            [
                "@type": "cr:FileObject", "@id": .text(file.name), "name": .text(file.name),
                "contentUrl": .text((words.urlPrefix ?? "") + file.name),
                "contentSize": .text("\(file.bytes) B"),
                "encodingFormat": .text(Self.mediaType(file.name)),
                "sha256": .text("\(file.digest)"),
            ]
        }
    }

    private static func mediaType(_ name: String) -> String {
        switch name.split(separator: ".").last ?? "" {
        case "csv": "text/csv"
        case "txt", "md": "text/plain"
        case "json": "application/json"
        case "jsonl": "application/jsonlines"
        case "parquet": "application/x-parquet"
        case "zip": "application/zip"
        case "gz", "tgz": "application/gzip"
        default: "application/octet-stream"
        }
    }

    /// A CSV file's records, all columns as text: what their values mean is not in the file.
    private func recordSet(_ file: AssetFile) throws -> DocumentTree {
        let set = String(file.name.dropLast(4)) + "-records"
        let columns = try Self.columns(of: file)
        let fields = columns.map { column -> DocumentTree in
            [
                "@type": "cr:Field", "@id": .text("\(set)/\(column)"), "name": .text(column),
                "dataType": "sc:Text",
                "source": [
                    "fileObject": ["@id": .text(file.name)],
                    "extract": ["column": .text(column)],
                ],
            ]
        }
        return [
            "@type": "cr:RecordSet", "@id": .text(set), "name": .text(set), "field": .list(fields),
        ]
    }

    /// The names in a CSV file's first line, quoted or not (RFC 4180).
    private static func columns(of file: AssetFile) throws -> [String] {
        guard let handle = fopen(file.path, "rb") else {
            throw CommandFailure("cannot read \(file.path)")
        }
        defer { fclose(handle) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, handle)
        var columns: [String] = []
        var column: [UInt8] = []
        var isQuoted = false
        for byte in bytes[..<count] {
            switch byte {
            case UInt8(ascii: "\""): isQuoted.toggle()
            case UInt8(ascii: ",") where !isQuoted:
                columns.append(String(decoding: column, as: UTF8.self))
                column = []
            case UInt8(ascii: "\r") where !isQuoted: continue
            case UInt8(ascii: "\n") where !isQuoted:
                columns.append(String(decoding: column, as: UTF8.self))
                return columns
            default: column.append(byte)
            }
        }
        return columns + [String(decoding: column, as: UTF8.self)]
    }

    /// The terms of Croissant 1.0 that the document uses, as its specification defines them.
    private static let croissantContext: DocumentTree = [
        "@language": "en",
        "@vocab": "https://schema.org/",
        "citeAs": "cr:citeAs",
        "column": "cr:column",
        "conformsTo": "dct:conformsTo",
        "cr": "http://mlcommons.org/croissant/",
        "data": ["@id": "cr:data", "@type": "@json"],
        "dataType": ["@id": "cr:dataType", "@type": "@vocab"],
        "dct": "http://purl.org/dc/terms/",
        "equivalentProperty": "cr:equivalentProperty",
        "examples": ["@id": "cr:examples", "@type": "@json"],
        "extract": "cr:extract",
        "field": "cr:field",
        "fileObject": "cr:fileObject",
        "fileProperty": "cr:fileProperty",
        "fileSet": "cr:fileSet",
        "format": "cr:format",
        "includes": "cr:includes",
        "isLiveDataset": "cr:isLiveDataset",
        "jsonPath": "cr:jsonPath",
        "key": "cr:key",
        "md5": "cr:md5",
        "parentField": "cr:parentField",
        "path": "cr:path",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "recordSet": "cr:recordSet",
        "references": "cr:references",
        "regex": "cr:regex",
        "repeated": "cr:repeated",
        "replace": "cr:replace",
        "samplingRate": "cr:samplingRate",
        "sc": "https://schema.org/",
        "separator": "cr:separator",
        "source": "cr:source",
        "subField": "cr:subField",
        "transform": "cr:transform",
    ]
}
