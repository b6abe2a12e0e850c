public import CaptureFiles
import FoundationEssentials
import GRDB
public import MeshEvidence
public import MeshProtocol
public import MeshTimelines
public import MeshVerdict
import SystemPackage

/// What a process that listens keeps in a folder: states, how far its sources were read, and when it listened. Never a key.
///
/// Tables, in SQLite with a write-ahead log that is synchronised with each write:
///
///     part      "state": the state without its sources; "messages": what they say of the keys; "inputs": how far each source was read
///     source    a source's timeline, and its last position in plain numbers, for whoever looks with other tools
///     teaching  sealed PDUs that handed out keys or credentials
///     evidence  sealed PDUs and beacons, one row for each time of writing: those that the state does not hold yet, and the latest
///               that it does
///     session   when it listened
public final class StateStore {
    /// What was kept.
    public struct Kept {
        /// The state, and what it takes to go on from it.
        public var state: KeptState
        /// How far each source was read, by its name.
        public var inputs: [String: LivePosition]
        /// Whether the keys are others than those that it was kept with.
        public let isRekeyed: Bool
    }

    /// Where it is.
    public let folder: String
    private let database: any DatabaseWriter
    private let lock: FileDescriptor?
    private var session: Int64?

    private static let fileName = "state.sqlite"
    private static let mostSessions = 1000
    /// Octets of sealed evidence that is folded.
    private static let mostEvidence = 16 << 20

    /// Opens a state to be written, and makes it where there is none.
    ///
    /// - Throws: `StateError`, also where another process writes it.
    public init(writing folder: String) throws(StateError) {
        self.folder = folder
        lock = try StateFolder.makeAndLock(folder)
        StateFolder.makePrivate("\(folder)/\(Self.fileName)")
        database = try Self.run(folder) {
            let pool = try DatabasePool(path: "\(folder)/\(Self.fileName)", configuration: Self.configuration)
            try Self.migrator.migrate(pool)
            return pool
        }
        try requireKnownVersion()
    }

    /// Opens a state to be read, while another process may write it.
    ///
    /// - Throws: `StateError`.
    public init(reading folder: String) throws(StateError) {
        self.folder = folder
        lock = nil
        guard StateFolder.isFile("\(folder)/\(Self.fileName)") else {
            throw StateError(folder, "holds no state; meshscope watch SOURCE --state \(folder) keeps one")
        }
        database = try Self.run(folder) {
            var configuration = Self.configuration
            configuration.readonly = true
            return try DatabaseQueue(path: "\(folder)/\(Self.fileName)", configuration: configuration)
        }
        try requireKnownVersion()
    }

    deinit {
        try? database.close()
        try? lock?.close()
    }

    // MARK: The database

    private static var configuration: Configuration {
        var configuration = Configuration()
        configuration.prepareDatabase { database in
            guard !database.configuration.readonly else { return }
            try database.execute(sql: "PRAGMA synchronous = FULL")
        }
        configuration.busyMode = .timeout(10)
        return configuration
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE part (name TEXT PRIMARY KEY, value BLOB NOT NULL);
                    CREATE TABLE source (
                        network INTEGER NOT NULL, address INTEGER NOT NULL, place INTEGER NOT NULL,
                        iv_index INTEGER, seq INTEGER, time INTEGER, timeline BLOB NOT NULL,
                        PRIMARY KEY (network, address));
                    CREATE TABLE teaching (id INTEGER PRIMARY KEY, entries BLOB NOT NULL);
                    CREATE TABLE evidence (id INTEGER PRIMARY KEY, is_folded INTEGER NOT NULL, entries BLOB NOT NULL);
                    CREATE TABLE session (
                        id INTEGER PRIMARY KEY, started INTEGER NOT NULL, saved INTEGER NOT NULL, heard INTEGER,
                        ended INTEGER NOT NULL);
                    """)
        }
        return migrator
    }

    private func requireKnownVersion() throws(StateError) {
        let isNewer = try run { try $0.read { try Self.migrator.hasBeenSuperseded($0) } }
        guard !isNewer else { throw StateError(folder, "is of a newer meshscope; use that one") }
    }

    private func run<Value>(_ body: (any DatabaseWriter) throws -> Value) throws(StateError) -> Value {
        try Self.run(folder) { try body(database) }
    }

    /// What goes wrong in the database, said so that people know what to do.
    private static func run<Value>(_ folder: String, _ body: () throws -> Value) throws(StateError) -> Value {
        do {
            return try body()
        } catch let error as StateError {
            throw error
        } catch let error as DatabaseError {
            throw StateError(folder, explain(error))
        } catch {
            throw StateError(folder, "the state cannot be read: \(error)")
        }
    }

    private static func explain(_ error: DatabaseError) -> String {
        switch error.resultCode {
        case .SQLITE_FULL: "cannot be written: the disk is full; what was kept before stays"
        case .SQLITE_IOERR: "cannot be read or written: the disk fails, or is full; what was kept before stays"
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM: "cannot be opened; is it yours to read and to write?"
        case .SQLITE_BUSY, .SQLITE_LOCKED: "is in use by another process; try again"
        case .SQLITE_NOTADB, .SQLITE_CORRUPT:
            "is damaged (\(error.message ?? "no database")); move the folder away, and restore it from a copy if there is one"
        case .SQLITE_ERROR:
            "holds no whole state (\(error.message ?? "")); \(fileName) and what lies beside it belong together: restore all of it from one copy"
        default: "cannot be used: \(error.message ?? "SQLite error \(error.resultCode.rawValue)")"
        }
    }

    /// How many pages the database may have: as if the disk had no more.
    func limit(pages: Int) throws(StateError) {
        try run { writer in
            try writer.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
        }
    }

    // MARK: Reading

    /// What was kept; `nil` where nothing was.
    ///
    /// - Throws: `StateError`, also where it was kept of networks that the keys do not have.
    ///
    /// `looksBack`: with the latest evidence that is folded already.
    public func read(_ keys: KeyRing, looksBack: Bool = false) throws(StateError) -> Kept? {
        try run { writer in try writer.read { database in try self.read(keys, looksBack, database) } }
    }

    /// The state as it was written last, whatever its keys, and how far each source was read; `nil` where nothing was kept.
    ///
    /// - Throws: `StateError`.
    public func show() throws(StateError) -> (state: MeshState, inputs: [String: LivePosition])? {
        try run { writer in
            try writer.read { database in
                guard let state = try self.state(database) else { return nil }
                return (state, try self.inputs(database))
            }
        }
    }

    private func inputs(_ database: Database) throws -> [String: LivePosition] {
        guard let octets = try Self.part("inputs", database) else { return [:] }
        return try decode { try JSONDecoder().decode([String: LivePosition].self, from: octets) }
    }

    private func state(_ database: Database) throws -> MeshState? {
        guard let octets = try Self.part("state", database) else { return nil }
        let decoder = JSONDecoder()
        var state = try decode { try decoder.decode(MeshState.self, from: octets) }
        var timelines: [NetworkIndex: [SourceTimeline]] = [:]
        let rows = try Row.fetchCursor(database, sql: "SELECT network, timeline FROM source ORDER BY network, place")
        while let row = try rows.next() {
            let timeline: Data = row[1]
            let network = NetworkIndex(row[0] as Int)
            timelines[network, default: []].append(
                try decode { try decoder.decode(SourceTimeline.self, from: timeline) })
        }
        state.replaceSources { timelines[$0] ?? [] }
        return state
    }

    private func read(_ keys: KeyRing, _ looksBack: Bool, _ database: Database) throws -> Kept? {
        guard var state = try state(database) else { return nil }
        let isSame = state.isOf(keys)
        // With a wrong key nothing was heard: the sources are read once more.
        if !isSame, state.isEmpty { return nil }
        if !isSame {
            guard let rekeyed = state.rekeyed(keys) else {
                throw StateError(
                    folder, "was kept with other keys: \(state.identities); give the keys of these networks")
            }
            state = rekeyed
        }
        var kept = KeptState(
            state, teaching: try evidence("teaching", database),
            later: try evidence("evidence WHERE is_folded = 0", database),
            folded: looksBack ? try evidence("evidence WHERE is_folded = 1", database) : [])
        if isSame, let octets = try Self.part("messages", database) {
            kept.messages = try decode { try JSONDecoder().decode([MessageTally.Counts].self, from: octets) }
        }
        return Kept(state: kept, inputs: try inputs(database), isRekeyed: !isSame)
    }

    private func decode<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch is DecodingError {
            throw StateError(
                folder,
                "holds a state that this version does not know; use the version that wrote it, or begin a new folder")
        }
    }

    private static func part(_ name: String, _ database: Database) throws -> Data? {
        try Data.fetchOne(database, sql: "SELECT value FROM part WHERE name = ?", arguments: [name])
    }

    private func evidence(_ rows: String, _ database: Database) throws -> [SealedEvidence] {
        try Data.fetchAll(database, sql: "SELECT entries FROM \(rows) ORDER BY id").flatMap { data in
            guard let entries = SealedEvidence.list([UInt8](data)) else {
                throw StateError(
                    folder, "is damaged: evidence that cannot be read; move the folder away, and begin a new one")
            }
            return entries
        }
    }

    /// When somebody listened.
    ///
    /// - Throws: `StateError`.
    public func listening() throws(StateError) -> Listening {
        try run { writer in
            try writer.read { database in
                let rows = try Row.fetchAll(
                    database, sql: "SELECT started, saved, heard, ended FROM session ORDER BY id")
                let count = try Int.fetchOne(database, sql: "SELECT MAX(id) FROM session") ?? 0
                let sessions = rows.map { row in
                    Listening.Session(
                        start: CaptureTime(nanoseconds: row[0]), saved: CaptureTime(nanoseconds: row[1]),
                        heard: (row[2] as Int64?).map { CaptureTime(nanoseconds: $0) }, isEnded: row[3] as Int == 1)
                }
                return Listening(sessions, count: count)
            }
        }
    }

    /// Octets that the state takes on disk.
    public var size: Int64 {
        ["", "-wal"].reduce(0) { $0 + StateFolder.size("\(folder)/\(Self.fileName)\($1)") }
    }

    // MARK: Writing

    /// Something to be kept, all of it or nothing.
    public struct Change {
        /// The whole state; `nil` where only what was authenticated since is added.
        public var state: MeshState?
        /// What messages say of the keys above the network layer, with the whole state.
        public var messages: [MessageTally.Counts] = []
        /// The sources that changed since the state was written; all of them where that is not known.
        public var changed: ((NetworkIndex, SourceTimeline) -> Bool)?
        /// What teaches keys and credentials.
        public var teaching: [SealedEvidence] = []
        /// What was authenticated since the last time.
        public var evidence: [SealedEvidence] = []
        /// How far each source was read.
        public var inputs: [String: LivePosition] = [:]
        /// By the machine's clock.
        public var time: CaptureTime
        /// When something authentic and new was heard last; `nil` where nothing was, in this run.
        public var heard: CaptureTime?
        /// Whether nothing follows.
        public var isEnd = false

        /// Nothing yet. `time`: by the machine's clock.
        public init(at time: CaptureTime) {
            self.time = time
        }
    }

    /// Takes note that somebody listens from now on.
    ///
    /// - Throws: `StateError`.
    public func begin(at time: CaptureTime) throws(StateError) {
        session = try run { writer in
            try writer.write { database in
                try database.execute(
                    sql: "INSERT INTO session (started, saved, ended) VALUES (?, ?, 0)",
                    arguments: [time.nanoseconds, time.nanoseconds])
                let id = database.lastInsertedRowID
                try database.execute(
                    sql: "DELETE FROM session WHERE id <= ?", arguments: [id - Int64(Self.mostSessions)])
                return id
            }
        }
    }

    /// Keeps a change.
    ///
    /// - Throws: `StateError`; what was kept before stays as it was.
    public func write(_ change: Change) throws(StateError) {
        // SQLite would go on in a file that has no name any more.
        guard StateFolder.isFile("\(folder)/\(Self.fileName)") else {
            throw StateError(
                folder, "was removed, or moved, while it was written: start again, or what is heard is lost at the end")
        }
        try run { writer in
            try writer.write { database in try self.write(change, database) }
            // At the end the database is one file.
            if change.isEnd { _ = try writer.writeWithoutTransaction { try $0.checkpoint(.truncate) } }
        }
    }

    private func write(_ change: Change, _ database: Database) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        func put(_ name: String, _ value: some Encodable) throws {
            try database.execute(
                sql: "INSERT OR REPLACE INTO part (name, value) VALUES (?, ?)",
                arguments: [name, try encoder.encode(value)])
        }
        if let state = change.state {
            try put("state", state.withoutSources())
            try put("messages", change.messages)
            for network in state.networks { try write(network, change, encoder, database) }
            try database.execute(sql: "UPDATE evidence SET is_folded = 1 WHERE is_folded = 0")
        }
        if !change.teaching.isEmpty {
            try database.execute(
                sql: "INSERT INTO teaching (entries) VALUES (?)", arguments: [Data(change.teaching.octets)])
        }
        if !change.evidence.isEmpty {
            try database.execute(
                sql: "INSERT INTO evidence (is_folded, entries) VALUES (?, ?)",
                arguments: [change.state != nil, Data(change.evidence.octets)])
        }
        if change.state != nil { try forgetEvidence(database) }
        try put("inputs", change.inputs)
        guard let session else { return }
        try database.execute(
            sql: "UPDATE session SET saved = ?, heard = ?, ended = ? WHERE id = ?",
            arguments: [change.time.nanoseconds, change.heard?.nanoseconds, change.isEnd, session])
    }

    private func write(
        _ network: NetworkState, _ change: Change, _ encoder: JSONEncoder, _ database: Database
    ) throws {
        let statement = try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO source (network, address, place, iv_index, seq, time, timeline)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """)
        for (place, source) in network.sources.enumerated() where change.changed?(network.index, source) ?? true {
            let last = source.lastPosition
            try statement.execute(arguments: [
                network.index.value, Int(source.address.value), place, last.map { Int64($0.ivIndex.value) },
                last.map { Int64($0.sequence.value) }, source.lastFrame?.time.nanoseconds, try encoder.encode(source),
            ])
        }
    }

    /// What is folded is kept as long as there is room for it.
    private func forgetEvidence(_ database: Database) throws {
        try database.execute(
            sql: """
                DELETE FROM evidence WHERE is_folded = 1 AND id <= (
                    SELECT MAX(id) FROM (
                        SELECT id, SUM(LENGTH(entries)) OVER (ORDER BY id DESC) AS octets FROM evidence)
                    WHERE octets > ?)
                """,
            arguments: [Self.mostEvidence])
    }

    /// Forgets when somebody listened before the last run, and gives the room back.
    ///
    /// - Throws: `StateError`.
    public func prune() throws(StateError) {
        try run { writer in
            try writer.write { database in
                try database.execute(sql: "DELETE FROM session WHERE id < (SELECT MAX(id) FROM session)")
            }
            try writer.vacuum()
        }
    }
}

extension MeshState {
    /// What tells its networks apart in the open.
    fileprivate var identities: String {
        let ids = networks.map { network in
            network.networkIDs.sorted().map { String($0, radix: 16) }.joined(separator: ", ")
        }
        return "Network ID " + ids.joined(separator: "; ")
    }
}
