/work/wt/split/_st/target/debug/deps/st-dac5df5a8a6a9ea8.d: src/lib.rs

/work/wt/split/_st/target/debug/deps/libst-dac5df5a8a6a9ea8.rlib: src/lib.rs

/work/wt/split/_st/target/debug/deps/libst-dac5df5a8a6a9ea8.rmeta: src/lib.rs

src/lib.rs:
