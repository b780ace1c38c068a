/work/wt/split/_st/target/debug/deps/structure-8af50ea1b4056014.d: ../tests/structure/main.rs ../tests/structure/house.rs

/work/wt/split/_st/target/debug/deps/structure-8af50ea1b4056014: ../tests/structure/main.rs ../tests/structure/house.rs

../tests/structure/main.rs:
../tests/structure/house.rs:

# env-dep:CARGO_MANIFEST_DIR=/work/wt/split/_st
