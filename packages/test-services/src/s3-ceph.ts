import { randomUUID } from "node:crypto";
import { cephBinaries, type CephBinaries } from "./s3-ceph-binary.ts";
import { startServer, type TestServer } from "./server.ts";

/** Its monitor listens so much above the port of S3. */
const MONITOR_OFFSET = 10_000;
const READY = "the user is made";

/**
 * The smallest cluster of Ceph for one test: a monitor, a disk in memory, and the gateway that speaks S3.
 *
 * Signatures are checked, a checksum is not; in a bucket with versioning conditions are ignored.
 */
export async function startCeph(): Promise<TestServer> {
  const binaries = cephBinaries();
  const fsid = randomUUID();
  return await startServer("ceph", {
    prepare: [["sh", "-c", prepare(binaries, fsid)]],
    command: ["sh", "-c", serve(binaries)],
    env: binaries.env,
    readyLine: READY,
    url: "http://adk:adk-secret@127.0.0.1:{port}",
    secondPortOffset: MONITOR_OFFSET,
    endsWithKill: true,
    onDisk: false,
    lingerMs: 0,
  });
}

const MONITOR = `v2:127.0.0.1:$(({port}+${MONITOR_OFFSET}))`;

function prepare({ programs, libraries }: CephBinaries, fsid: string): string {
  const settings: Record<string, string> = {
    fsid,
    mon_host: MONITOR,
    mon_initial_members: "a",
    public_addr: "127.0.0.1",
    cluster_addr: "127.0.0.1",
    keyring: "{dir}/keyring",
    run_dir: "{dir}",
    admin_socket: "",
    pid_file: "",
    log_file: "",
    mon_data: "{dir}/mon",
    osd_data: "{dir}/osd",
    rgw_data: "{dir}/rgw",
    erasure_code_dir: `${libraries}/ceph/erasure-code`,
    osd_class_dir: `${libraries}/rados-classes`,
    plugin_dir: `${libraries}/ceph`,
    // The disk.
    osd_objectstore: "memstore",
    memstore_device_bytes: "2147483648",
    mon_data_avail_crit: "1",
    mon_data_avail_warn: "1",
    // One copy of everything.
    osd_pool_default_size: "1",
    osd_pool_default_min_size: "1",
    osd_pool_default_pg_num: "1",
    osd_pool_default_pgp_num: "1",
    osd_pool_default_pg_autoscale_mode: "off",
    osd_crush_chooseleaf_type: "0",
    mon_allow_pool_size_one: "true",
    // A second for each change of the cluster: a start has ten.
    paxos_propose_interval: "0.05",
    // What was removed makes room at once, not after hours.
    rgw_gc_obj_min_wait: "1",
    rgw_gc_processor_period: "5",
    rgw_gc_processor_max_time: "5",
    rgw_frontends: "beast endpoint=127.0.0.1:{port}",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  const key = `ceph-authtool keyring --gen-key`;
  return [
    ...start(programs),
    "mkdir mon osd rgw",
    `cat > ceph.conf <<END\n[global]\n${lines.join("\n")}\nEND`,
    `ceph-authtool --create-keyring keyring --gen-key -n mon. --cap mon 'allow *'`,
    `${key} -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'`,
    `${key} -n osd.0 --cap mon 'allow *' --cap osd 'allow *'`,
    `monmaptool --create --fsid ${fsid} --addv a "[${MONITOR}]" monmap`,
    "osdmaptool --createsimple 1 osdmap",
    "ceph-mon --mkfs -i a --monmap monmap --osdmap osdmap --keyring keyring",
  ].join("\n");
}

function serve({ programs }: CephBinaries): string {
  const keys = "--access-key=adk --secret-key=adk-secret";
  return [
    ...start(programs),
    // Whichever of them fails, none is left.
    `trap 'kill -9 $monitor $disk $gateway 2>/dev/null' EXIT`,
    `trap 'exit 1' INT QUIT TERM`,
    "ceph-mon -f -i a & monitor=$!",
    "ceph-osd -i 0 --mkfs",
    "ceph-osd -f -i 0 & disk=$!",
    `radosgw-admin user create --uid=adk --display-name=adk ${keys} > /dev/null`,
    `echo ${READY}`,
    "radosgw -f -n client.admin -k keyring & gateway=$!",
    "wait $gateway",
  ].join("\n");
}

function start(programs: string): string[] {
  return ["set -e", `export PATH="${programs}:$PATH" CEPH_CONF={dir}/ceph.conf`];
}
