import MeshProtocol
import MeshTimelines
import MeshVerdict
import Testing

extension Scene {
    /// What the observations say, with the scene's keys or others of the same networks.
    func analysis(
        _ options: AnalysisOptions = AnalysisOptions(), keys: KeyRing? = nil,
        _ location: SourceLocation = #_sourceLocation
    ) throws -> Analysis {
        Analysis(try state(location), keys: keys ?? self.keys, options: options)
    }

    /// The verdict of source 1.
    func verdict(
        _ options: AnalysisOptions = AnalysisOptions(), _ location: SourceLocation = #_sourceLocation
    ) throws -> RecoveryVerdict {
        let sources = try analysis(options, location).networks[0].sources
        return try #require(sources.first { $0.address.value == 1 }, sourceLocation: location).verdict
    }

    /// The numbers for source 1.
    func recovery(
        _ options: AnalysisOptions = AnalysisOptions(), _ location: SourceLocation = #_sourceLocation
    ) throws -> Recovery {
        try #require(try verdict(options, location).recovery, sourceLocation: location)
    }
}
