public import MeshTimelines

/// What a kind of fact means to somebody who has to act on it. `FindingsDocument` makes a page of it.
extension Fact.Kind {
    /// Three to five sentences: what was seen, what it means for the nodes and for the answer, what usually causes it, and
    /// what to do. In the words of Mesh Protocol 1.1; what stands between backticks is to be typed, or is in the JSON.
    public var explanation: String {
        switch self {
        case .damagedRecord:
            """
            The file cannot be read on from some place: it was cut off, or a length in it cannot be right. What \
            stands before that place is analysed, and what stands behind it is unknown, so that the source's last \
            SEQ may be missing. This is usual where the capture program was killed, the disk was full, or a copy \
            broke off. Copy the file again from where it was taken. If it stays broken, say with `--failed-at` \
            when the master failed, so that the margin covers the time behind the break.
            """
        case .captureDamaged:
            """
            Inside the file something stands that its format does not allow: octets were changed or lost. Reading went on at the \
            next place that is surely a record, so that what stood between is missing, and the source's last SEQ may be among \
            it. A broken disk or a bad copy does this. Copy the file again from where it was taken. If it stays so, say with \
            `--failed-at` when the master failed, and look at the coverage of its source.
            """
        case .recordsUnknown:
            """
            The capture holds records of kinds that are not known: a newer version of the analyser's software, or another \
            radio's. They are passed over by their size, and no mesh traffic of LE advertising or connections is among those \
            that are known to exist. Nothing needs to be done. If the report lacks frames that the analyser's software shows, \
            export them from there.
            """
        case .framesDewhitened:
            """
            The frames' octets are still whitened, as they were on the air, and the file says that they are not. Taking the \
            whitening off makes their CRCs right, which no accident does. They are read as all others. Some sniffers save \
            so. Nothing needs to be done; other tools may show such frames as damaged.
            """
        case .connectionJoined:
            """
            A connection was already there when the capture began, so that nobody told the CRCInit of its frames. Two different \
            frames agree on it, which no accident does, and all that are right with it are read. They hold what a proxy client \
            and its server said, SEQ of the client among it. Nothing needs to be done.
            """
        case .connectionUnchecked:
            """
            Data channel frames were heard of a connection whose beginning was not, too few to tell its CRCInit, or cut short. \
            Whether they are damaged cannot be told, so that nothing of them is believed. If a phone was the master, its last SEQ \
            may be among them. Capture longer, or from before the connection begins.
            """
        case .connectionEncrypted:
            """
            A connection is encrypted by the link layer, so that a sniffer sees that something is said and not what. If the \
            failed master was a phone, or commanded the mesh through a proxy, its PDUs are hidden in these frames as far as they \
            were not relayed on advertising channels. What is relayed there still counts. Capture on the host itself (an HCI log \
            is not encrypted), or begin the log before the devices pair.
            """
        case .framesLost:
            """
            A live source sent frames faster than the process that listens took them, so that its buffer overflowed and these \
            frames are gone. They are counted here and not by the operating system, whose count is not to be believed for \
            Bluetooth monitors. SEQ that stood in them alone count as missed, and the answer's margin for what was not heard \
            covers them. It takes a machine that is far too slow, or one that stood still: look at its load.
            """
        case .clockNotSet:
            """
            The capture's times lie in 1970 or soon after, or before Bluetooth Low Energy was made: its clock began with the \
            device and was never set. How much time went by is right, and so is the answer's margin; when that was is not known, so \
            that the report gives durations behind the end of the capture and no dates. Say with `--started-at` when the capture \
            began, or with `--clock-offset` how far the clock is off. Without that, what is set in dates cannot be held against it.
            """
        case .unsupportedLinkType:
            """
            Frames have a link type that cannot be peeled, and were passed over. What nodes sent in them counts \
            nowhere, neither as heard nor as missed. It happens where an Ethernet or USB interface was captured \
            beside the sniffer's, or where the sniffer writes a format of its own. If the mesh traffic is in these \
            frames, capture again with one of the link types that the README lists. Otherwise there is nothing to \
            do.
            """
        case .crcFailed:
            """
            The link layer's CRC of these frames was wrong: bits were lost on the air, and nothing of the frames \
            is believed. Some are usual at every sniffer. Many of them mean a weak signal or a busy band, and that \
            PDUs were missed: the coverage of a source shows it, and the margin grows with it. If the coverage is \
            below a half, bring the sniffer nearer to the nodes, or add a second one.
            """
        case .truncatedFrame:
            """
            The capture holds only the beginning of these frames, because the capture program was told to cut \
            them. A PDU or beacon that does not fit into what is left is lost to the analysis. Nodes are not \
            affected. Take the next capture without a snapshot length.
            """
        case .malformedStructure:
            """
            An advertising structure, a beacon or a Network PDU breaks its format: often a length reaches beyond \
            the frame. It is passed over, and never moves the answer. Devices nearby that have nothing to do with \
            the mesh advertise such structures every day. Only if the network's own nodes send them is it worth \
            looking at the named frame in Wireshark.
            """
        case .timeUnknown:
            """
            Some frames have no time in the capture, as those of a Simple Packet Block in a pcapng file, and hold what a key \
            opens. They are taken to be as late as the last authentic frame before them. Nothing tells how much time went \
            by, so that a day is added to the time in which the source may have sent unheard, and the answer has no time until \
            which it holds. Capture again with a tool that writes times.
            """
        case .nothingAuthenticSince:
            """
            The captures go on for more than ten minutes with frames that no key authenticates. Their times may be anyone's, \
            so that they move nothing: the answer is that of the last authentic frame, for a device that had failed by then. \
            The network's power may have gone, or the sniffer was carried away. If the device may have lived on, say until when \
            with --failed-at.
            """
        case .clockJumped:
            """
            The time of the capture went back by more than 10 s, or ahead by more than a year, from one authentic frame to the \
            next: the clock of the capturing machine was set while it ran. No span of time across this can be trusted. So the \
            margin counts the longest time that the clocks allow, and the answer has no time until which it holds. It is usual for a small computer without a \
            battery-backed clock that sets its time once it has a network. Take the next capture after the clock \
            is right.
            """
        case .captureAligned:
            """
            Two captures hold the same PDUs, at times that differ by more than five minutes, so that one of their clocks was wrong. They \
            were aligned by these PDUs, of which there are many with nearly the same difference, and which are a fair share of what \
            both should have heard. A clock that is wrong by minutes may be wrong otherwise as well: the margin counts the longest time \
            that it allows, and the answer has no time until which it holds. Set the clock of the capturing machine, or analyse \
            the captures one by one.
            """
        case .clocksDisagree:
            """
            A later IV state was captured at an earlier time than the state before it, in another file, by more \
            than ten minutes; or three sources and more seem to begin anew together. Networks do not go back, so a \
            clock was set, the clocks of the capturing machines disagree, or files have no PDUs in common by which they could \
            be aligned. The margin then counts the longest time that the clocks allow, and the answer has no time until which \
            it holds. Analyse the captures one by one, or take captures that overlap.
            """
        case .beaconNotAuthentic:
            """
            Beacons have the Network ID of one of your keys, and an Authentication Value that the key does not \
            give. Nodes ignore them, and so does the answer. The Network ID is sent in the open, so that anyone \
            can copy it: somebody without the key may be trying to move the IV Index, or a faulty device damages \
            what it passes on. A few are no danger; where they come often, look in the named frames for the \
            advertiser, and find the device.
            """
        case .subnetsDisagree:
            """
            The beacons of one key still say an older IV state than the network has, although there was time to \
            follow, or are further behind than there was time for. All subnets of a network share one IV Index, so \
            that the highest one need not be right for all. Most often a key of another network was given as one \
            of this network; or no node passes the IV Update on to that subnet. Put keys of different networks \
            into key files of their own, and run the analysis again before you configure anything.
            """
        case .beaconReplayed:
            """
            Authentic beacons say an IV state that the network has left: two steps back, or one step back for more \
            than ten minutes. Nodes that know the newer state ignore them, and they never move the answer back. A \
            node that was switched off or out of reach lags like this; somebody who recorded old beacons can send \
            them again without any key. If the named device is one of yours, let it hear a current beacon. If not, \
            keep it away from the replacement until that has heard one, since a device with an older state would \
            believe it.
            """
        case .nodeAhead:
            """
            One device alone says the newest IV state, while two others or more still said the old one, more than \
            ten minutes later. The answer takes the newest authenticated state, and here it rests on that device \
            alone. Nodes that do not follow may drop what is sent under its IV Index. It may be a node in test \
            mode, a second provisioner, or the only node that the sniffer hears of those that moved on. Capture \
            for longer and near other nodes, and configure the replacement when most of them say the same.
            """
        case .ivUpdateTooSoon:
            """
            The IV state before this one lasted less than 96 hours, the minimum that the IV Update procedure sets. \
            A node that keeps to it may not follow yet, and may drop what is sent under the new IV Index until it \
            has recovered by itself. Test mode of the IV Update procedure is the usual cause, or a node that \
            forgot its state in a restart. The answer follows the newest state all the same. Look whether all \
            subnets and nodes say it before you configure the replacement.
            """
        case .ivUpdateOverdue:
            """
            Beacons say for more than 144 hours that the IV Update is in progress, the maximum that the IV Update \
            procedure sets. Nodes that keep to it have returned to Normal Operation by then, transmit under the \
            new IV Index, and count their SEQ from 0. Where the capture does not hold their beacons, the IV Update \
            flag of the answer may be out of date. The usual cause is that the node which began the update was the \
            failed master. Take a fresh capture right before the replacement starts.
            """
        case .ivIndexJump:
            """
            The IV Index rose by more steps than there was time for, at 96 hours a step. Nodes that were left \
            behind take it only by IV Index Recovery, which sets their SEQ to 0 and works once in 192 hours. The \
            usual causes are captures with wrong clocks, a node that recovered from a beacon far ahead, or \
            somebody with the key. The answer takes the highest authenticated state. Check with a fresh capture \
            that nodes really transmit under it.
            """
        case .ivRecoveryTooSoon:
            """
            The IV Index jumped a second time, less than 192 hours after the jump before. A node recovers its IV \
            Index at most once in 192 hours, so that nodes which took the first jump stay behind the second one, \
            and drop what is sent under its IV Index. It does not happen in a network that keeps to the \
            specification: look for a node in test mode, or for somebody with the key. The answer takes the \
            highest authenticated state, and some nodes may not hear a replacement under it until 192 hours have \
            passed.
            """
        case .ivIndexOutOfRange:
            """
            An authentic statement has an IV Index more than 42 above the one before. A node ignores a beacon so \
            far ahead for good, so that nodes with the older IV Index and nodes with the newer one cannot hear \
            each other. Captures that are more than 48 weeks apart show it without any fault; otherwise a key of \
            another network was given for this one, or somebody has the key. The answer takes the highest \
            authenticated state, and may be wrong. Analyse the captures one by one, and trust the IV Index under \
            which the nodes of today transmit.
            """
        case .beaconsSilent:
            """
            PDUs of the network were heard for more than two minutes, and no beacon of this key. Nodes are not \
            affected. A replacement learns the IV state from beacons, and without any it goes on with what it was \
            given; and the answer's IV state may be older than the network's. The Secure Network Beacon state of \
            the nodes may be switched off, the subnet may have moved to a new key, or the senders are out of the \
            sniffer's reach. Capture nearer to a relay or proxy, or switch beacons on at a node.
            """
        case .keyFellSilent:
            """
            Everything under this key fell silent, and as much as before goes on under a NID or Network ID that \
            no key at hand has. So the network went through a Key Refresh, and the key that you have is the old one: a \
            replacement that holds it is deaf and mute. The numbers here are those of the time before, and the \
            old device may have gone on under the new key. Get the new NetKey, from a newer backup or from whoever \
            refreshed it, and give both: `--netkey 0=OLD --netkey 0=NEW`. What nobody authenticated is the reason of \
            this warning, so a neighbour that was switched on at that moment can cause it; no number rests on it.
            """
        case .secondarySubnetAhead:
            """
            Beacons of a secondary subnet say a newer IV state than the primary subnet, which had more than ten \
            minutes to follow and did not. Nodes of the primary subnet take the IV Index from the primary subnet \
            only, and so does the answer. A node that is on the secondary subnet alone follows it, and then cannot \
            be reached. The usual cause is a node that began an update where it must not. If the failed master \
            spoke on the secondary subnet only, give that key alone, and compare the answers.
            """
        case .keyRefreshReverted:
            """
            A beacon of an earlier step of the Key Refresh of this subnet was heard more than ten minutes after \
            one of a later step: under the old key, or in phase 2 once it was over. The procedure goes forward \
            only. A node that was out of reach when the keys changed lags like this, or old beacons are being \
            replayed. The answer is not moved. A node that lags must be given the new key by a Config NetKey \
            Update, or it is lost when the old key is revoked.
            """
        case .keyRefreshPhaseNotHeard:
            """
            The beacons of this subnet went over from the old key to the new one, and none in between had the Key \
            Refresh flag of phase 2. The procedure allows to skip that phase, or the capture holds none of its \
            beacons. Nodes and the answer are not affected. Give the replacement the new key, and with it the old \
            one only if nodes still use it.
            """
        case .sequenceRestarted:
            """
            The SEQ of this source fell below what was heard before, and at least three PDUs rose from there, \
            under the same IV Index. Nodes keep the highest SEQ of each source, and drop everything from it until \
            it passes that one; `short` says how many messages are still lacking. A device that forgot its SEQ \
            does so, and so does a replacement that was started with too low a start SEQ. Every SEQ that it uses a \
            second time is nonce reuse. If it is the replacement, stop it and configure the answer's start SEQ; \
            the answer counts from the highest SEQ that was ever heard.
            """
        case .sequenceJump:
            """
            The SEQ of this source rose by far more than its rate explains, and it went on from there. Nodes do \
            not mind: a higher SEQ is always taken. It is what a restart looks like in a stack that reserves SEQ \
            in blocks, and where a block fits, its stack is named. The skipped SEQ count as used, and the margin \
            allows for one more such block, since the master may have restarted unheard. Name the stack with \
            `--stack` if you know it.
            """
        case .sequenceOutlier:
            """
            One PDU of this source has a SEQ far above all others, and nothing followed it. It is authentic, so \
            that every node which heard it holds this SEQ, and drops what the source sends below it under this IV \
            Index. Somebody with the key can silence a source in this way with one PDU; a fault of the device can \
            do it as well. The answer counts from this PDU. If it leaves too few SEQ, let another node of the \
            primary subnet start an IV Update, or give the replacement a new unicast address.
            """
        case .pduReplayed:
            """
            PDUs of this source were heard again, unchanged, more than 10 s after one with a higher SEQ, and count for \
            nothing here: nodes that know the higher SEQ drop them. A node that knows no SEQ of the \
            source takes them: one that has restarted without its replay protection list, or a new one. Slow paths, and \
            relays that repeat what they hear, deliver copies up to a minute late: that is a remark. Later than that \
            somebody recorded the PDUs, or a faulty relay kept them, which is a warning. Give the replacement the replay protection list that `meshscope restore` writes.
            """
        case .solicitationFell:
            """
            Solicitation PDUs ask nodes to advertise as proxy servers, and count by a number of their own, the SSEQ. Receivers keep the \
            highest one of each source for good: no IV Update frees it. Here a lower one was heard long after a higher one, as from a \
            device that lost its SSEQ, or from somebody who sends a recording; the octets are the same in both cases. Start a replacement \
            with the start SSEQ of the report, or send Solicitation PDU RPL Items Clear for its address to each node, under their \
            application key.
            """
        case .staleIVIndex:
            """
            The source sends under an IV Index that it, or the network, has left behind. Nodes accept the current \
            IV Index and the one before, and of each source only what is above its highest (IV Index, SEQ): they \
            drop these PDUs. A device restored from an old backup does so, one that heard no beacon for a long \
            time, or a recording that is sent again. The answer counts from the newest IV Index. If the device is \
            one of yours, let it hear a beacon, or provision it again.
            """
        case .heardAfterFailure:
            """
            The source was heard more than 10 s after the time that `--failed-at` says. Either that time is wrong, \
            or the time zone of it is, or the failed device is alive, or another device uses its unicast address. \
            Two devices under one address, key and IV Index reuse nonces, and nodes drop one or the other. Do not \
            start the replacement before this is cleared up: switch the old device off, correct `--failed-at`, and \
            capture again.
            """
        case .answerOutlived:
            """
            The time that `--failed-at` says is one for which the answer is not sure to hold any more, or it is behind the \
            end of the captures and nothing tells for how long the answer holds. The network may have changed the IV Index \
            with which it transmits before the device failed, and the device with it: what it sent after that is in no \
            margin. Either that time or the time zone of it is wrong, or the captures are too old for the question. \
            Take a fresh capture of the network, analyse it together with these, and configure what that says.
            """
        case .takeoverTooLate:
            """
            The replacement is to take over at a time for which the answer is not sure to hold any more, or \
            nothing tells for how long it holds. The network may have changed the IV Index with which it transmits \
            by then, and a replacement with the old one starts by recovering, with SEQ 0. Take a fresh capture \
            shortly before the replacement starts, and configure what that one says.
            """
        case .nonceReused:
            """
            The same source, IV Index and SEQ was heard with different contents, so that two messages were \
            encrypted with one nonce. Who heard both can tell something of their contents, and nodes take only the \
            one that came first. Either two devices send under one address, such as the old master and its \
            replacement, or one device restarted with a lower SEQ. Find the second device and switch it off. The \
            answer's start SEQ lies above every SEQ that was heard of either.
            """
        case .pduAlteredByRelay:
            """
            Copies of PDUs of this source came back from a relay cut short, with a lower TTL. Their NetMIC is \
            right, since the relay encrypts what it passes on anew; what is left of the message cannot be read. \
            bluetooth-meshd 5.66 is known to do this to everything that it relays. Nodes that hear only the cut \
            copy miss the message; its SEQ counts here, since its source used it. Update that relay, or switch its \
            Relay feature off.
            """
        case .sequenceNearExhaustion:
            """
            The SEQ of this source is beyond 0xC00000 of at most 0xFFFFFF, where every stack has asked for an IV \
            Update long before. When no SEQ is left, the source must be silent until the IV Index with which it \
            transmits rises. A source that was restored with a very high SEQ gets there, and so does one whose IV \
            Update never ends. Let a node of the primary subnet start an IV Update soon: until nodes transmit \
            under the next IV Index it takes at least 96 hours.
            """
        case .pduNotOpened:
            """
            PDUs have a NID that one of your keys has too, and no key opens them. The NID has only 7 bits, so that \
            one network in 128 has the same by chance: then these PDUs are no loss. Otherwise nothing told the IV \
            Index that they were sent with: then the SEQ in them are unknown to the answer. If many PDUs of your \
            network do not open, check the key with `meshscope keys`, or try `--iv-search full`.
            """
        case .trafficStaysClosed:
            """
            A beacon that is authentic tells the IV Index, and yet no PDU opens under it, though PDUs with the NID of the \
            network's key are heard. A beacon stays authentic for ever: somebody may send one that was recorded long ago, where \
            the network's own are not heard. Or the PDUs are of a neighbour: one key in 128 has the same NID. The IV Index was \
            searched on from what the beacon says. Take another capture near a node, and do not use the answer before PDUs of the \
            network open; `--iv-search full` searches through all of 32 bits.
            """
        case .friendshipsForgotten:
            """
            Credentials of more friendships became known than can be tried on each PDU (2048), so that those which opened nothing \
            for longest were forgotten. PDUs under them stay closed, and a SEQ that only they tell is not known; the margin has a \
            term for that. It happens in captures of weeks with many Low Power nodes. Analyse shorter captures, one by one.
            """
        case .sequencesForgotten:
            """
            The SEQ that were heard of all sources fill more than a million pages of 256, and the lowest pages of some sources had to make \
            room. What is in them counts as heard: a source that restarts among them is not noticed, and the coverage is that of \
            the rest. The last SEQ are known all the same. No network that is used as networks are comes near this. Analyse a \
            part of the capture.
            """
        case .identitiesNotResolved:
            """
            Proxy servers advertise a hash of their address, and it takes 32,767 trials under each key to find whose it is. \
            More of them were heard than are tried, perhaps since somebody sends made-up ones. It changes nothing but \
            the list of proxy servers.
            """
        case .pdusGivenUp:
            """
            More PDUs waited for their IV Index than can be kept, and the oldest were given up before anything \
            told it. What sources said in them is unknown, and so are their SEQ: a last SEQ of the answer may be \
            too low. It happens in long captures that hold no beacon at the beginning. Run again with `--iv-index` \
            and the IV Index that this report says: then they open as they come.
            """
        case .foreignNetwork:
            """
            PDUs have a NID that none of your keys has: another mesh network is near, a subnet whose key is not at \
            hand, or a friendship whose Friend Request and Friend Offer were not captured. They are counted and \
            nothing else. If your network's own PDUs are missing in the report, the key is the wrong one, or an \
            old one from before a Key Refresh: compare its NID in `meshscope keys` with those that are heard.
            """
        case .keyLearned:
            """
            A Config NetKey Add or Config NetKey Update in the capture handed out a NetKey, and a device key at \
            hand opens that message. The analysis goes on with the new key, so that a Key Refresh before the \
            failure does not end what is known of the network. The key itself is in no report. Your own key file \
            is older than the network: fetch the current keys for the replacement, since the old ones are revoked \
            at the end of a Key Refresh.
            """
        }
    }
}
