import FoundationEssentials

/// The forms of what meshscope writes as JSON, as JSON Schemas (draft 2020-12). Fields may be added to them; none is taken away or changed
/// under one version.
public enum JSONSchema: String, CaseIterable, Sendable {
    case analysis, takeover, decode

    /// The schema's text, as it stands in the repository.
    public var text: String {
        let octets =
            switch self {
            case .analysis: PackageResources.meshscope_analysis_1_schema_json
            case .takeover: PackageResources.meshscope_takeover_1_schema_json
            case .decode: PackageResources.meshscope_decode_1_schema_json
            }
        return String(decoding: octets, as: UTF8.self)
    }
}
