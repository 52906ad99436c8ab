// SPDX-License-Identifier: MIT
pragma solidity ^0.8.24;

import {IModelErrors} from "../../src/interfaces/IModelErrors.sol";
import {TokenTransfers} from "../../src/ledger/TokenTransfers.sol";
import {IModelLicences} from "../../src/ledger/interfaces/IModelLicences.sol";
import {LedgerTest} from "./support/LedgerTest.sol";
import {PlainToken} from "./support/Tokens.sol";

/// @title Offers, sales, uses and transfers of licences.
contract LicencesTest is LedgerTest {
    function setUp() public override {
        super.setUp();
        _setPlainTerms(modelId);
    }

    function test_APerpetualLicenceIsBoughtAndItsPriceDistributed() public {
        uint256 id = _offer(_perpetual());
        _assertTrue(!licences.isLicensed(modelId, asker, id), "not yet");
        vm.prank(asker);
        licences.buy{value: 2 ether}(id, asker, 2);
        _assertTrue(licences.isLicensed(modelId, asker, id), "licensed");
        _assertEq(royalties.balanceOf(owner, ETHER), 2 ether, "the owner is paid");
        _assertEq(address(licences).balance, 0, "nothing stays");
        _skip(3650 days);
        licences.use(modelId, asker, id);
        _assertEq(licences.balanceOf(asker, id), 2, "nothing is spent");
    }

    function test_ALicenceUntilADateEndsAfterThatSecond() public {
        IModelLicences.Offer memory terms = _perpetual();
        (terms.kind, terms.until) = (IModelLicences.LicenceKind.Until, uint40(block.timestamp + 30 days));
        uint256 id = _offer(terms);
        vm.prank(asker);
        licences.buy{value: 1 ether}(id, asker, 1);
        _skip(30 days);
        licences.use(modelId, asker, id);
        _skip(1);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.NotLicensed.selector, modelId, asker, id));
        licences.use(modelId, asker, id);
    }

    function test_ALicenceOfSoManyUsesIsSpentByItsHolderOrWhoIsApproved() public {
        uint256 id = _offer(_uses());
        vm.prank(asker);
        licences.buy{value: 2 ether}(id, asker, 2);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.NotApproved.selector, asker, stranger));
        vm.prank(stranger);
        licences.use(modelId, asker, id);
        vm.startPrank(asker);
        licences.use(modelId, asker, id);
        licences.use(modelId, asker, id);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.NotLicensed.selector, modelId, asker, id));
        licences.use(modelId, asker, id);
        vm.stopPrank();
    }

    function test_NobodyGivesBackUsesItNeverCounted() public {
        uint256 id = _offer(_uses());
        vm.expectRevert(
            abi.encodeWithSelector(IModelLicences.NothingToReturn.selector, id, asker, stranger)
        );
        vm.prank(stranger);
        licences.giveBack(asker, id);
        vm.startPrank(asker);
        licences.buy{value: 1 ether}(id, asker, 1);
        licences.use(modelId, asker, id);
        licences.giveBack(asker, id);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.NothingToReturn.selector, id, asker, asker));
        licences.giveBack(asker, id);
        vm.stopPrank();
        _assertEq(licences.balanceOf(asker, id), 1, "as many as were bought");
    }

    function test_ALicenceIsTransferredOnlyIfItsOfferSaysSo() public {
        uint256 fixed_ = _offer(_perpetual());
        IModelLicences.Offer memory terms = _perpetual();
        terms.transferable = true;
        uint256 free = _offer(terms);
        vm.startPrank(asker);
        licences.buy{value: 1 ether}(fixed_, asker, 1);
        licences.buy{value: 1 ether}(free, asker, 1);
        licences.safeTransferFrom(asker, stranger, free, 1, "");
        _assertTrue(licences.isLicensed(modelId, stranger, free), "transferred");
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.LicenceNotTransferable.selector, fixed_));
        licences.safeTransferFrom(asker, stranger, fixed_, 1, "");
        uint256[] memory ids = new uint256[](2);
        uint256[] memory amounts = new uint256[](2);
        (ids[0], ids[1], amounts[1]) = (free, fixed_, 1);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.LicenceNotTransferable.selector, fixed_));
        licences.safeBatchTransferFrom(asker, stranger, ids, amounts, "");
        vm.stopPrank();
    }

    function test_ALicenceForOneModelIsNoneForAnother() public {
        uint256 id = _offer(_perpetual());
        vm.prank(asker);
        licences.buy{value: 1 ether}(id, asker, 1);
        uint256 other = _register(owner);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.NotLicensed.selector, other, asker, id));
        licences.use(other, asker, id);
    }

    function test_SalesEndWithTheSupplyOrWhenTheOwnerClosesThem() public {
        IModelLicences.Offer memory terms = _perpetual();
        terms.maxSupply = 3;
        uint256 id = _offer(terms);
        vm.prank(asker);
        licences.buy{value: 2 ether}(id, asker, 2);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.SoldOut.selector, id, 1));
        vm.prank(asker);
        licences.buy{value: 2 ether}(id, asker, 2);
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        licences.close(id);
        vm.prank(owner);
        licences.close(id);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.OfferClosed.selector, id));
        vm.prank(asker);
        licences.buy{value: 1 ether}(id, asker, 1);
        _assertTrue(licences.isLicensed(modelId, asker, id), "what was sold stays valid");
    }

    function test_OffersAreMadeByTheOwnerAndWithTerms() public {
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        licences.offer(_perpetual());
        vm.expectRevert(abi.encodeWithSelector(IModelErrors.NotModelOwner.selector, modelId, stranger));
        vm.prank(stranger);
        licences.setLicenceRequired(modelId, true);
        IModelLicences.Offer memory terms = _perpetual();
        terms.until = 1;
        _expectInvalid(terms);
        terms.kind = IModelLicences.LicenceKind.Until;
        _expectInvalid(terms);
        terms = _perpetual();
        terms.modelId = uint64(_register(owner));
        _expectInvalid(terms);
        vm.expectRevert(abi.encodeWithSelector(IModelLicences.OfferNotFound.selector, 99));
        licences.buy(99, asker, 1);
    }

    function test_ThePriceIsPaidExactlyInTheOffersToken() public {
        uint256 id = _offer(_perpetual());
        vm.expectRevert(abi.encodeWithSelector(TokenTransfers.WrongValue.selector, 1 ether, 1 ether - 1));
        vm.prank(asker);
        licences.buy{value: 1 ether - 1}(id, asker, 1);
        PlainToken token = new PlainToken();
        token.mint(asker, 10);
        IModelLicences.Offer memory terms = _perpetual();
        (terms.token, terms.price) = (address(token), 5);
        uint256 inToken = _offer(terms);
        vm.startPrank(asker);
        token.approve(address(licences), 10);
        licences.buy(inToken, asker, 2);
        vm.stopPrank();
        _assertEq(royalties.balanceOf(owner, address(token)), 10, "the owner is paid in tokens");
    }

    function test_ALicencesMetadataIsItsModels() public {
        uint256 id = _offer(_perpetual());
        _assertEq(keccak256(bytes(licences.uri(id))), keccak256("ipfs://model"), "uri");
    }

    function _perpetual() private view returns (IModelLicences.Offer memory terms) {
        (terms.modelId, terms.price) = (uint64(modelId), 1 ether);
    }

    function _uses() private view returns (IModelLicences.Offer memory terms) {
        terms = _perpetual();
        terms.kind = IModelLicences.LicenceKind.Uses;
    }

    function _offer(IModelLicences.Offer memory terms) private returns (uint256) {
        vm.prank(owner);
        return licences.offer(terms);
    }

    function _expectInvalid(IModelLicences.Offer memory terms) private {
        vm.expectRevert(IModelLicences.InvalidOffer.selector);
        vm.prank(owner);
        licences.offer(terms);
    }
}
