public import Foundation
import TestSupport

/// A folder that goes away with its owner.
public final class TestFolder {
    public let url: URL

    public init() throws { url = try Checkout.temporaryFolder() }

    deinit { try? FileManager.default.removeItem(at: url) }

    /// The path of something in it.
    public func path(_ name: String) -> String { url.appending(path: name).path }

    /// The path of a new file.
    public func write(_ octets: [UInt8], _ name: String) throws -> String {
        let file = url.appending(path: name)
        try Data(octets).write(to: file)
        return file.path
    }
}
