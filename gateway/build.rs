//! The console is embedded: a new build of it is a new build of the gateway.

fn main() {
    println!("cargo::rerun-if-changed=../console/dist");
}
