import FoundationEssentials
import Glibc
import SystemPackage

/// The files of one path: a file and those that have taken its place, or those of a folder, each following the one before.
public final class LiveFiles {
    /// What is at a path now.
    public enum Kind: Sendable {
        case missing
        case folder
        case file
        case pipe
    }

    /// A file to be read.
    public struct Next: Sendable {
        /// Where it is now.
        public let path: String
        /// How many of its frames were read before.
        public let known: Int
        /// Whether another file has to be read behind it.
        public let hasSuccessor: Bool
    }

    private struct Entry {
        let path: String
        let modified: Int64
        let size: Int64
    }

    private let path: String
    /// Files of this run that have no frame, by their path and size.
    private var empty: [String: Int64] = [:]

    /// `path`: of a file or folder, which may not be there yet.
    public init(_ path: String) {
        self.path = path
    }

    /// What is there now.
    public var kind: Kind {
        guard let type = (try? Stat(FilePath(name: path)))?.type else { return .missing }
        return type == .directory ? .folder : type == .regular ? .file : .pipe
    }

    /// What is to be read next; `nil` where all was read.
    ///
    /// `marks`: what was read before.
    public func next(_ marks: [FileMark]) -> Next? {
        kind == .folder ? nextOfFolder(marks) : nextOfFile(marks)
    }

    private func nextOfFolder(_ marks: [FileMark]) -> Next? {
        let unread = entries(of: path).filter { isUnread($0, marks) }
        guard let first = unread.first else { return nil }
        return Next(path: first.path, known: known(first.path, marks), hasSuccessor: unread.count > 1)
    }

    /// The rest of the file that had the name before comes first: it was renamed when another one took its place.
    private func nextOfFile(_ marks: [FileMark]) -> Next? {
        guard let status = try? Stat(FilePath(name: path)) else { return nil }
        let own = Entry(path: path, modified: 0, size: status.size)
        if let last = marks.last, let start = FileMark.start(of: path), !last.isOf(start.octets) {
            let folder = FilePath(name: path).removingLastComponent()
            let others = entries(of: folder.isEmpty ? "." : folder.string)
            let renamed = others.first { other in
                other.size != last.size && FileMark.start(of: other.path).map { last.isOf($0.octets) } ?? false
            }
            if let renamed { return Next(path: renamed.path, known: last.frames, hasSuccessor: true) }
        }
        guard isUnread(own, marks) else { return nil }
        return Next(path: path, known: known(path, marks), hasSuccessor: false)
    }

    /// Takes note that a file has no frame as long as it does not grow.
    public func noteEmpty(_ path: String) {
        empty[path] = (try? Stat(FilePath(name: path)))?.size
    }

    /// Whether a file of the folder is to be read behind this one; of a single file, whether another one has its name is seen elsewhere.
    public func hasSuccessor(_ path: String, _ marks: [FileMark]) -> Bool {
        guard kind == .folder else { return path != self.path }
        let entries = entries(of: self.path)
        guard let place = entries.firstIndex(where: { $0.path == path }) else { return true }
        return entries[(place + 1)...].contains { isUnread($0, marks) }
    }

    private func isUnread(_ entry: Entry, _ marks: [FileMark]) -> Bool {
        guard entry.size > 0, empty[entry.path] != entry.size, let start = FileMark.start(of: entry.path) else {
            return false
        }
        return !marks.contains { $0.size == start.size && $0.isOf(start.octets) }
    }

    private func known(_ path: String, _ marks: [FileMark]) -> Int {
        guard let start = FileMark.start(of: path) else { return 0 }
        return marks.filter { $0.isOf(start.octets) }.map(\.frames).max() ?? 0
    }

    /// The files of a folder, the oldest first.
    private func entries(of folder: String) -> [Entry] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let entries = names.filter { !$0.hasPrefix(".") }.compactMap { name -> Entry? in
            let path = "\(folder)/\(name)"
            guard let status = try? Stat(FilePath(name: path)), status.type == .regular else { return nil }
            let time = status.st_mtim
            return Entry(
                path: path, modified: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec), size: status.size)
        }
        return entries.sorted { ($0.modified, $0.path) < ($1.modified, $1.path) }
    }
}
