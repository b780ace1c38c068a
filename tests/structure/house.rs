//! Reads the sources of one crate: its modules, what each file defines, and which names a file takes from which other.
//!
//! A name counts for the file that defines it, through re-exports; a re-export itself is no arrow, nor is `mod x;`.
//! What is compiled for tests only is left out. Methods are not followed: they come with their types.
//!
//! Failure: a source that does not parse or a module without a file ends the test with its path.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use syn::spanned::Spanned;
use syn::visit::{self, Visit};

/// The deepest chain of re-exports that is followed.
const DEPTH_MAX: usize = 16;

type ModulePath = Vec<String>;

/// A function that a file defines.
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) lines: usize,
}

/// One `use` of one name.
#[derive(Clone)]
struct Use {
    /// The name in this module; `*` for all names of `path`.
    name: String,
    path: Vec<String>,
    is_public: bool,
}

#[derive(Default)]
struct Module {
    file: PathBuf,
    items: HashSet<String>,
    children: HashSet<String>,
    uses: Vec<Use>,
    /// Paths of two and more segments in code.
    paths: Vec<Vec<String>>,
}

enum Target {
    Module(ModulePath),
    Item(PathBuf),
}

/// The modules below one root file (`lib.rs` or a program's `main.rs`).
#[derive(Default)]
pub(crate) struct House {
    modules: HashMap<ModulePath, Module>,
    pub(crate) files: Vec<PathBuf>,
    pub(crate) functions: Vec<(PathBuf, Function)>,
}

impl House {
    /// Reads everything below `root`.
    pub(crate) fn read(root: &Path) -> House {
        let mut house = House::default();
        house.read_file(root, Vec::new(), root.parent().expect("a source lies in a folder").to_path_buf());
        house
    }

    fn read_file(&mut self, file: &Path, module: ModulePath, folder: PathBuf) {
        let text = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        self.files.push(file.to_path_buf());
        let mut reader = Reader { house: self, file, folder, module };
        reader.enter();
        parsed.items.iter().for_each(|item| reader.visit_item(item));
    }

    /// From each file to the files whose names it takes, with those names.
    pub(crate) fn arrows(&self) -> BTreeMap<(PathBuf, PathBuf), BTreeSet<String>> {
        let mut arrows: BTreeMap<(PathBuf, PathBuf), BTreeSet<String>> = BTreeMap::new();
        for (at, module) in &self.modules {
            let uses = module.uses.iter().filter(|u| !u.is_public && u.name != "*").map(|u| &u.path);
            for path in uses.chain(&module.paths) {
                if let Some(Target::Item(file)) = self.resolve(at, path, 0)
                    && file != module.file
                {
                    let name = path.last().expect("a path has segments").clone();
                    arrows.entry((module.file.clone(), file)).or_default().insert(name);
                }
            }
        }
        arrows
    }

    /// Every path of two and more segments in code, with its file.
    pub(crate) fn paths(&self) -> impl Iterator<Item = (&Path, &[String])> {
        self.modules
            .values()
            .flat_map(|module| module.paths.iter().map(|path| (module.file.as_path(), path.as_slice())))
    }

    fn resolve(&self, from: &ModulePath, path: &[String], depth: usize) -> Option<Target> {
        let mut at = from.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => (at, rest) = (Vec::new(), &path[1..]),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|segment| segment == "super") {
                    at.pop();
                    rest = &rest[1..];
                }
            }
            _ => {}
        }
        for (n, segment) in rest.iter().enumerate() {
            let module = self.modules.get(&at)?;
            if module.children.contains(segment) {
                at.push(segment.clone());
            } else if module.items.contains(segment) {
                return Some(Target::Item(module.file.clone()));
            } else {
                return match self.imported(&at, segment, depth)? {
                    Target::Module(inner) => {
                        let path: Vec<_> = [vec!["crate".into()], inner, rest[n + 1..].to_vec()].concat();
                        self.resolve(&at, &path, depth + 1)
                    }
                    item => Some(item),
                };
            }
        }
        Some(Target::Module(at))
    }

    /// What `name` means in a module by its `use`s.
    fn imported(&self, at: &ModulePath, name: &str, depth: usize) -> Option<Target> {
        if depth > DEPTH_MAX {
            return None;
        }
        let uses = &self.modules.get(at)?.uses;
        let named = uses.iter().filter(|u| u.name == name && u.path.last().is_some());
        let all = uses.iter().filter(|u| u.name == "*" && u.is_public);
        let named = named.map(|u| u.path.clone());
        let all = all.map(|u| [u.path.clone(), vec![name.to_string()]].concat());
        named.chain(all).find_map(|path| match path.first().map(String::as_str) {
            Some(first) if path.len() == 1 && first == name => None,
            _ => self.resolve(at, &path, depth + 1),
        })
    }
}

struct Reader<'a> {
    house: &'a mut House,
    file: &'a Path,
    /// Where the files of child modules lie.
    folder: PathBuf,
    module: ModulePath,
}

impl Reader<'_> {
    fn enter(&mut self) {
        let file = self.file.to_path_buf();
        self.house.modules.insert(self.module.clone(), Module { file, ..Module::default() });
    }

    fn here(&mut self) -> &mut Module {
        self.house.modules.get_mut(&self.module).expect("the module was entered")
    }

    fn define(&mut self, name: &syn::Ident) {
        let name = name.to_string();
        self.here().items.insert(name);
    }

    fn function(&mut self, name: &syn::Ident, whole: &impl Spanned) {
        let span = whole.span();
        let lines = span.end().line + 1 - span.start().line;
        let function = Function { name: name.to_string(), lines };
        self.house.functions.push((self.file.to_path_buf(), function));
    }

    fn take(&mut self, tree: &syn::UseTree, path: &[String], is_public: bool) {
        let with = |name: &syn::Ident| [path, &[name.to_string()]].concat();
        match tree {
            syn::UseTree::Path(next) => self.take(&next.tree, &with(&next.ident), is_public),
            syn::UseTree::Group(group) => group.items.iter().for_each(|t| self.take(t, path, is_public)),
            syn::UseTree::Glob(_) => {
                self.here().uses.push(Use { name: "*".into(), path: path.to_vec(), is_public });
            }
            syn::UseTree::Name(last) if last.ident == "self" => {
                let name = path.last().cloned().unwrap_or_default();
                self.here().uses.push(Use { name, path: path.to_vec(), is_public });
            }
            syn::UseTree::Name(last) => {
                let path = with(&last.ident);
                self.here().uses.push(Use { name: last.ident.to_string(), path, is_public });
            }
            syn::UseTree::Rename(last) => {
                let path = if last.ident == "self" { path.to_vec() } else { with(&last.ident) };
                self.here().uses.push(Use { name: last.rename.to_string(), path, is_public });
            }
        }
    }

    fn child(&mut self, item: &syn::ItemMod) {
        let name = item.ident.to_string();
        self.here().children.insert(name.clone());
        let module = [self.module.clone(), vec![name.clone()]].concat();
        let folder = self.folder.join(&name);
        if let Some((_, items)) = &item.content {
            let mut inner = Reader { house: self.house, file: self.file, folder, module };
            inner.enter();
            items.iter().for_each(|item| inner.visit_item(item));
            return;
        }
        let beside = self.folder.join(format!("{name}.rs"));
        let file = if beside.is_file() { beside } else { folder.join("mod.rs") };
        self.house.read_file(&file, module, folder);
    }

    /// The paths in a macro's tokens: names joined by `::`.
    fn tokens(&mut self, tokens: proc_macro2::TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(name) => {
                    if colons != 2 {
                        self.path(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    colons = 0;
                }
                proc_macro2::TokenTree::Punct(p) if p.as_char() == ':' && !path.is_empty() => colons += 1,
                other => {
                    self.path(std::mem::take(&mut path));
                    colons = 0;
                    if let proc_macro2::TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.path(path);
    }

    fn path(&mut self, path: Vec<String>) {
        if path.len() > 1 {
            self.here().paths.push(path);
        }
    }
}

/// Whether an item is compiled for tests only.
fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let syn::Meta::List(list) = &attribute.meta else { return attribute.path().is_ident("test") };
        let condition = list.tokens.to_string();
        list.path.is_ident("cfg") && condition.contains("test") && !condition.starts_with("not")
    })
}

fn is_public(visibility: &syn::Visibility) -> bool {
    !matches!(visibility, syn::Visibility::Inherited)
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let (name, attributes) = match item {
            syn::Item::Const(i) => (Some(&i.ident), &i.attrs),
            syn::Item::Enum(i) => (Some(&i.ident), &i.attrs),
            syn::Item::Fn(i) => (Some(&i.sig.ident), &i.attrs),
            syn::Item::Impl(i) => (None, &i.attrs),
            syn::Item::Macro(i) => (i.ident.as_ref(), &i.attrs),
            syn::Item::Mod(i) => (None, &i.attrs),
            syn::Item::Static(i) => (Some(&i.ident), &i.attrs),
            syn::Item::Struct(i) => (Some(&i.ident), &i.attrs),
            syn::Item::Trait(i) => (Some(&i.ident), &i.attrs),
            syn::Item::Type(i) => (Some(&i.ident), &i.attrs),
            syn::Item::Use(i) => (None, &i.attrs),
            _ => return visit::visit_item(self, item),
        };
        if is_for_tests(attributes) {
            return;
        }
        if let Some(name) = name {
            self.define(name);
        }
        match item {
            syn::Item::Mod(module) => self.child(module),
            syn::Item::Use(i) => self.take(&i.tree, &[], is_public(&i.vis)),
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig.ident, item);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            self.function(&item.sig.ident, item);
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.path(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}
