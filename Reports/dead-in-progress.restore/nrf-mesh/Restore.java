meshNetwork.setIvIndex(new IvIndex(0x0000c8c0, true, Calendar.getInstance()));
provisionerNode.setSequenceNumber(0x0596af);  // the last one used: it is incremented before use
