/// How fast a node can spend SEQ.
public enum TrafficRules {
    /// SEQ a second that no node sends for minutes on end.
    ///
    /// Mesh Protocol 1.1 and the Mesh Profile before it advise at most 100 Network PDUs of a node in any 10 s ("Network layer
    /// behavior"). A BLOB transfer goes beyond it: Zephyr's documentation gives 100 kB in 10 minutes at best, which in segments of
    /// 12 octets are 14 PDUs a second.
    public static let mostPerSecond = 15.0
}
