try meshNetwork.setIvIndex(0x0000c8c0, updateActive: true)
meshNetworkManager.setSequenceNumber(0x0596b0, forLocalElement: element)  // 0x0001
