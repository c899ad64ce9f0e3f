//! `what-if`: variants side by side.

use std::fs;

use crate::support::{purvey, shop};

#[test]
fn two_scenarios_are_compared_with_the_base() {
    let place = shop();
    let at = place.path();
    fs::write(
        at.join("up.toml"),
        "name = \"half as much again\"\n[[change]]\ntable = \"sales\"\ncolumn = \"quantity\"\nmultiply = 1.5\n",
    )
    .unwrap();
    fs::write(
        at.join("tight.toml"),
        "name = \"tight\"\n[[change]]\ntable = \"settings\"\ncolumn = \"budget\"\nset = 40\n",
    )
    .unwrap();
    let document = purvey(at, "what-if shop --json --scenario up.toml tight.toml").ends(0).json();
    let variants = document["what_if"]["variants"].as_array().unwrap();
    let names: Vec<&str> = variants.iter().map(|v| v["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["base", "half as much again", "tight"]);
    let kpi = |variant: usize, name: &str| variants[variant]["kpis"][name].as_f64().unwrap();
    assert!(kpi(1, "demand") > 1.3 * kpi(0, "demand"));
    assert!(kpi(2, "spend") <= 40.0 + 1e-6);
    assert!(variants[2]["difference"].as_f64().unwrap() > 0.0);
    let base = purvey(at, "solve shop --json").ends(0).json();
    assert_eq!(base["objective"], variants[0]["objective"]);
    for file in ["what-if.json", "presentation.json", "report.html"] {
        assert!(at.join("shop/out-what-if").join(file).is_file(), "{file}");
    }
    let told = purvey(at, "what-if shop --scenario tight.toml --output seen").ends(0);
    assert!(told.out.starts_with("tight: the plan costs € "), "{}", told.out);
    assert!(told.out.contains("tight") && told.out.contains("Report: seen/report.html"), "{}", told.out);
}

/// The only supplier of an item is gone: its items cannot be bought, on no default terms either.
#[test]
fn a_lost_supplier_is_not_replaced() {
    let place = shop();
    let at = place.path();
    for supplier in ["WHOLESALE", "MAKER"] {
        let change = "[[change]]\ntable = \"suppliers\"\ndrop = true\nwhere = { supplier = ";
        let text = format!("name = \"{supplier} lost\"\n{change}\"{supplier}\" }}\n");
        fs::write(at.join(format!("{supplier}.toml")), text).unwrap();
    }
    let asked = "what-if shop --json --scenario WHOLESALE.toml MAKER.toml";
    let document = purvey(at, asked).ends(0).json();
    let variants = document["what_if"]["variants"].as_array().unwrap();
    assert!(variants.iter().skip(1).all(|v| v["difference"].as_f64().unwrap() > 0.1), "{document}");
}

#[test]
fn a_scenario_that_names_nothing_is_refused_before_anything_is_solved() {
    let place = shop();
    let at = place.path();
    fs::write(
        at.join("odd.toml"),
        "name = \"odd\"\n[[change]]\ntable = \"sails\"\ncolumn = \"quantity\"\nmultiply = 1.5\n",
    )
    .unwrap();
    let refused = purvey(at, "what-if shop --scenario odd.toml").ends(3);
    assert!(refused.err.contains("`odd`") && refused.err.contains("sails"), "{}", refused.err);
    assert!(!at.join("shop/out-what-if").exists());
    let change = |change: &str| {
        fs::write(at.join("odd.toml"), format!("name = \"odd\"\n[[change]]\ntable = \"sales\"\n{change}\n"))
            .unwrap();
        purvey(at, "what-if shop --scenario odd.toml").ends(3).err
    };
    let endless = change("column = \"quantity\"\nmultiply = inf");
    assert!(
        endless.starts_with("odd.toml: change 1 of `sales` is by no finite number [not-finite]"),
        "{endless}"
    );
    let nobody = change("where = { item = \"NOPE\" }\ndrop = true");
    assert!(nobody.contains("no row of `sales` has item = NOPE"), "{nobody}");
    purvey(at, "what-if shop --scenario nowhere.toml").ends(2);
    purvey(at, "what-if shop").ends(2);
}
