// Once, after the node is provisioned with the old keys and address, and before it sends.
sl_btmesh_test_set_iv_index(0x0000c8c0);
sl_btmesh_test_set_ivupdate_state(1);
sl_btmesh_test_set_element_seqnum(0, 0x0696b0);  // 0x0001
